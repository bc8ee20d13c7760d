import { AirlockService } from 'nestjs-airlock';

declare const airlock: AirlockService;
declare function importRows(): Promise<void>;
// …
