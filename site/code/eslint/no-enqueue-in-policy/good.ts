import { subscribe } from 'node:diagnostics_channel';
import type { AirlockMessage } from 'nestjs-airlock';

declare function log(entry: unknown): void;
// …
