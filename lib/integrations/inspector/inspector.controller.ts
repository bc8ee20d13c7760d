import {
  ConflictException,
  Controller,
  ForbiddenException,
  Get,
  Headers,
  Inject,
  NotFoundException,
  Param,
  Post,
  Res,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { SkipAirlock } from '../../nest/decorators/skip-airlock.decorator.js';
import { builtPage } from './built-page.js';
import { Inspector } from './inspector.js';
import { InspectorSettings } from './inspector.settings.js';
import { InspectorGuard } from './serving/guard-chain.js';
import { sendJson, sendPage } from './serving/raw-response.js';
import type { StuckRows } from '../stuck-rows.js';

/** The routes of one inspector. @internal */
@SkipAirlock()
@UseGuards(InspectorGuard)
class InspectorRoutes {
  constructor(
    @Inject(Inspector) private readonly inspector: Inspector,
    @Inject(InspectorSettings) private readonly settings: InspectorSettings,
  ) {}

  @Get()
  page(@Res() response: unknown): void {
    sendPage(response, builtPage());
  }

  /** Sends the whole state once. */
  @Get('state')
  state(@Res() response: unknown): void {
    sendJson(response, this.inspector.state);
  }

  /** Sends the whole state, and then each change. */
  @Get('events')
  events(@Res() response: unknown): void {
    this.inspector.streams.open(response);
  }

  @Get('stuck')
  async stuck(@Res() response: unknown): Promise<void> {
    const rows = await this.rows.list();
    sendJson(
      response,
      rows.map((row) => ({ ...row, error: this.inspector.storedError(row) })),
    );
  }

  /**
   * Tries or discards a row. Pages of other origins cannot send the header, and so cannot act for a
   * user who is signed in.
   */
  @Post('stuck/:id/:action')
  async deal(
    @Res() response: unknown,
    @Param('id') id: string,
    @Param('action') action: string,
    @Headers('x-airlock-inspector') asked: string | undefined,
  ): Promise<void> {
    if (this.settings.readOnly)
      throw new ForbiddenException('This inspector is read-only (`readOnly`).');
    if (asked === undefined)
      throw new ForbiddenException('The header `x-airlock-inspector` is missing.');
    if (action !== 'retry' && action !== 'discard')
      throw new NotFoundException(`A row is retried or discarded.`);
    const done = await this.rows[action](id);
    if (done === 'busy') throw new ConflictException('A process is at this row already.');
    if (done === 'absent') throw new NotFoundException('There is no such row any more.');
    sendJson(response, { id, action });
  }

  private get rows(): StuckRows {
    const { stuckRows } = this.inspector;
    if (stuckRows === undefined) throw new NotFoundException('This application has no outbox.');
    return stuckRows;
  }
}

/** Makes a controller for one application: its path is metadata of the class. @internal */
export function inspectorController(): Type {
  class InspectorController extends InspectorRoutes {}
  Controller()(InspectorController);
  return InspectorController;
}

/**
 * Sets where a controller answers; has to be called before the application registers its routes.
 * @internal
 */
export function mount(controller: Type, { path, version }: InspectorSettings): void {
  Controller({ path, version })(controller);
}
