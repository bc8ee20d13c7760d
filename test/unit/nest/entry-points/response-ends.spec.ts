import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { onceEnded } from '../../../../lib/nest/entry-points/http/response-ends.js';

describe('when a response is to be watched for its end', () => {
  let response: ServerResponse;
  let ends: number;
  beforeEach(() => {
    response = new ServerResponse(new IncomingMessage(new Socket()));
    response.destroy();
    ends = 0;
  });
  const watch = (): void => onceEnded(response, () => ends++);

  it('tells of it once, though the connection is gone', () => {
    watch();
    response.end('answer');
    response.end();
    expect(ends).toBe(1);
  });

  it('tells of the end that succeeds, after one that throws', () => {
    watch();
    expect(() => response.end({} as never)).toThrow('"chunk" argument');
    expect(ends).toBe(0);
    response.end('sorry');
    expect(ends).toBe(1);
  });

  it('tells at once of one that has ended', () => {
    response.end();
    watch();
    expect(ends).toBe(1);
  });
});
