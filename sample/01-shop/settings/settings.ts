/** What of the shop lies outside it; whatever is left out runs inside the process. */
export class Settings {
  /** A PostgreSQL server. @default PGlite, in this process */
  readonly databaseUrl?: string | undefined;
  /** Where receipts are sent to. @default an SMTP server in this process, read at `GET /inbox` */
  readonly smtpUrl?: string | undefined;
  /** Where reservations are posted to. @default this process's own `POST /warehouse/reservations` */
  readonly warehouseUrl?: string | undefined;

  constructor(settings: Settings = {}) {
    this.databaseUrl = settings.databaseUrl;
    this.smtpUrl = settings.smtpUrl;
    this.warehouseUrl = settings.warehouseUrl;
  }

  static fromEnvironment({ DATABASE_URL, SMTP_URL, WAREHOUSE_URL }: NodeJS.ProcessEnv = process.env): Settings {
    return new Settings({
      databaseUrl: DATABASE_URL || undefined,
      smtpUrl: SMTP_URL || undefined,
      warehouseUrl: WAREHOUSE_URL || undefined,
    });
  }
}
