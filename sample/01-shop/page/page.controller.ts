import { readFileSync } from 'node:fs';
import { Controller, Get, Header } from '@nestjs/common';

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'";

/** The page of the shop. What becomes of effects, it reads from the inspector. */
@Controller()
export class PageController {
  private readonly html = fileBeside('shop.html');
  private readonly style = fileBeside('shop.css');
  private readonly script = fileBeside('shop.mjs');

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', `${POLICY}; base-uri 'none'; frame-ancestors 'none'`)
  page(): string {
    return this.html;
  }

  @Get('shop.css')
  @Header('content-type', 'text/css; charset=utf-8')
  stylesheet(): string {
    return this.style;
  }

  @Get('shop.mjs')
  @Header('content-type', 'text/javascript; charset=utf-8')
  code(): string {
    return this.script;
  }
}

function fileBeside(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
