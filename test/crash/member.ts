import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type Answers, FINISH, type Message, type Settings } from './settings.js';

const PATIENCE_MS = 180_000;
const LINES = 40;

/** A process of the application that can be started again when it has ended. */
export class Member {
  isReady = false;
  private child: ChildProcess | undefined;
  private ready = Promise.resolve();
  private readonly lines: string[] = [];
  private starts = 0;
  /** Whether its end is what was asked for. */
  private mayEnd = false;
  private answers: Answers | undefined;

  /** @param onAccident told when it ends unasked or badly, with the last it said */
  constructor(
    readonly name: string,
    private readonly settings: Settings,
    private readonly onAccident: (text: string) => void,
  ) {}

  /** Resolves when it works, or when it ended before. */
  async ensureStarted(): Promise<void> {
    if (this.child === undefined) this.start();
    await this.ready;
  }

  /** Ends it in the middle of whatever it does. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.child === undefined) return;
    this.mayEnd = true;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  /** Lets it end by itself. @returns the answers, from a web process */
  async finish(): Promise<Answers> {
    const gone = once(this.child!, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) });
    this.mayEnd = true;
    this.child!.send(FINISH);
    const [code] = (await gone) as [number | null];
    if (code !== 0) this.report(`ended with code ${code} when told to`);
    return this.answers!;
  }

  private start(): void {
    const settings: Settings = { ...this.settings, seed: this.settings.seed + this.starts++ };
    const child = fork(new URL('app/main.js', import.meta.url), {
      env: { ...process.env, CRASH_SETTINGS: JSON.stringify(settings), NO_COLOR: '1' },
      execArgv: [],
      silent: true,
    });
    this.child = child;
    this.mayEnd = this.isReady = false;
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', this.keepLines);
    child.once('exit', (code, signal) => {
      this.child = undefined;
      this.isReady = false;
      if (!this.mayEnd) this.report(`ended unasked (${signal ?? code})`);
    });
    this.ready = new Promise((resolve, reject) => {
      const tooLate = setTimeout(
        () => reject(new Error(`${this.name} does not start`)),
        PATIENCE_MS,
      );
      const onEnd = (): void => {
        clearTimeout(tooLate);
        resolve();
      };
      child.once('exit', onEnd);
      child.on('message', (message: Message) => {
        if ('answers' in message) return void (this.answers = message.answers);
        this.isReady = true;
        onEnd();
      });
    });
  }

  /** What it said last, for messages. */
  get lastWords(): string {
    return `The last that ${this.name} said:\n${this.lines.join('\n')}`;
  }

  private report(what: string): void {
    this.onAccident(`${this.name} ${what}. ${this.lastWords}`);
  }

  private readonly keepLines = (text: string): void => {
    this.lines.push(...text.trimEnd().split('\n'));
    this.lines.splice(0, this.lines.length - LINES);
  };
}
