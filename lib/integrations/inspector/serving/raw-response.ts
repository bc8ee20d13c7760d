import { randomBytes } from 'node:crypto';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { nodeResponse } from '../../../nest/entry-points/http/http.messages.js';

/** Headers of every response: browsers neither store it nor guess its type. */
const always: OutgoingHttpHeaders = {
  'cache-control': 'no-store, no-transform',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/**
 * Returns Node's own response: interceptors of the application may wrap every answer in an object,
 * which the page could not read.
 */
function rawResponse(response: unknown): ServerResponse {
  // Otherwise Fastify would answer too.
  (response as { hijack?(): void }).hijack?.();
  return nodeResponse(response)!;
}

/** @internal */
export function sendJson(response: unknown, body: unknown, status = 200): void {
  const text = JSON.stringify(body);
  send(rawResponse(response), status, { 'content-type': 'application/json; charset=utf-8' }, text);
}

/**
 * Sends a page whose own script and style may run, and nothing else (`NONCE` stands where it is
 * put).
 * @internal
 */
export function sendPage(response: unknown, html: string): void {
  const nonce = randomBytes(18).toString('base64');
  const policy = [
    `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; img-src data:`,
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ].join('; ');
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy };
  send(rawResponse(response), 200, headers, html.replaceAll('NONCE', nonce));
}

/**
 * @returns undefined if the browser has left while a guard was asked: `close` is not emitted again
 *   @internal
 */
export function beginEvents(response: unknown): ServerResponse | undefined {
  const raw = rawResponse(response);
  if (raw.destroyed) return undefined;
  raw.writeHead(200, {
    ...always,
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
  });
  return raw;
}

/** Tells a browser that listens for events not to connect again. @internal */
export function sendNoEvents(response: unknown): void {
  send(rawResponse(response), 204, {}, '');
}

function send(
  raw: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body: string,
): void {
  raw.writeHead(status, { ...always, ...headers });
  raw.end(body);
}
