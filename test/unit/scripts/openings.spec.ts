import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = join(__dirname, '../../../scripts/openings.mjs');

/** What the script says about a source with these doc comments, and how it exits. */
function check(...comments: readonly string[]): {
  readonly status: number | null;
  readonly said: string;
} {
  const folder = mkdtempSync(join(tmpdir(), 'airlock-openings-'));
  try {
    writeFileSync(
      join(folder, 'a.ts'),
      comments.map((comment) => `/** ${comment} */\nexport {};\n`).join(''),
    );
    const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
    return { status, said: stderr.replaceAll(`${folder}/`, '') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('when a doc comment opens without a noun or a verb', () => {
  it.each([
    'What of an intent only the flush may use.',
    'What is buffered here.',
    'Those that have not ended.',
    'Those of them that have a response.',
    'That which is left.',
    'Of an instance.',
    'Whom to tell.',
    'How many there are.',
    'Where effects run.',
    'As the others went.',
    'All that have been seen.',
    'The same, in order.',
    'The same for a name.',
    'One that has ended.',
  ])('names it: %s', (comment) => {
    const [opening] = comment.split('\n');
    expect(check('Counts calls.', comment)).toEqual({
      status: 1,
      said: expect.stringContaining(`a.ts:3 ${opening}`),
    });
  });
});

describe('when the text of a comment starts below its first line', () => {
  it('names the line of the comment', () => {
    expect(check('\n * Those that\n * run.\n')).toEqual({
      status: 1,
      said: expect.stringContaining('a.ts:1 Those that'),
    });
  });
});

describe('when every doc comment opens with a noun or a verb', () => {
  it.each([
    'Marks that a policy is running.',
    'True if the scope has ended.',
    'The same policy for all.',
    'The method that does the work.',
    'One database transaction.',
    'All policies of the chain.',
    'Whether it is open.',
    '@internal',
    '@returns what was found',
  ])('says nothing: %s', (comment) => {
    expect(check(comment)).toEqual({ status: 0, said: '' });
  });
});
