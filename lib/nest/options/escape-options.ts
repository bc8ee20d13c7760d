import type { InterceptedProvider } from './intercepted-provider.js';

/** Options of `detectEscapes`, which looks for calls that go around the buffer. @publicApi */
export interface EscapeOptions {
  /**
   * `warn` logs each place once, and again for each caller of it in another file; `throw` makes the
   * call fail before anything is sent (with `node:http` before Node 22.12: unless a kept-alive
   * connection took it already).
   *
   * @default 'warn'
   */
  readonly mode?: 'warn' | 'throw';
  /**
   * Hosts and methods that may be called directly, as `127.0.0.1:8080` and methods as
   * `Transporter.sendMail`. @default none
   */
  readonly allow?: readonly (string | RegExp)[];
  /**
   * Further providers' methods to watch, such as `emit` of an emitter whose listeners reach out.
   *
   * @default none; outgoing HTTP and providers that are mailers, queues (BullMQ, Bull),
   * `ClientProxy`s, pg-boss or producers of KafkaJS are watched anyway
   */
  readonly watch?: readonly InterceptedProvider[];
}
