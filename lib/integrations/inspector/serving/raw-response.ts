import { randomBytes } from 'node:crypto';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { nodeResponse } from '../../../nest/entry-points/http/http.messages.js';

/** Nothing of it is kept by the browser, nor read as what it is not. */
const always: OutgoingHttpHeaders = {
  'cache-control': 'no-store, no-transform',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/**
 * Node's own response, taken from the platform: interceptors of the application that wrap every
 * answer in an object of their own would leave nothing that the page can read.
 */
function rawResponse(response: unknown): ServerResponse {
  // Fastify would answer by itself otherwise.
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
 * @returns undefined where the browser has left already, while a guard was asked: `close` is not
 *   emitted again @internal
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

/** Tells a browser that listens for events to come back no more. @internal */
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
