import { onAirlock } from 'nestjs-airlock';

declare function log(entry: unknown): void;
// …
