import { timingsOf } from './timings.js';

const late = { here: 'late', elsewhere: 'late' };
const early = { here: 'early', elsewhere: 'early' };

const timings = (body: string, kind = 'async function') =>
  timingsOf(`
    import { enqueue } from 'nestjs-airlock';
    declare const wait: (...args: unknown[]) => any, f: () => void, a: any, xs: any, Worker: any;
    function tell(...args: unknown[]): any { enqueue(f); }
    ${kind} g() { ${body} }
    g();`);

describe('when an effect comes after an await on some way through a function', () => {
  it.each([
    ['after it', 'await wait(); tell();'],
    ['in an argument beside it', 'wait(await wait(), tell());'],
    ['around it', 'tell(await wait());'],
    ['with a function before it', 'xs.map(() => tell(), await wait());'],
    ['after a comma', 'await wait(), tell();'],
    ['in an assignment', 'xs[await wait()] = tell();'],
    ['after a chain that may end before it', 'a?.b(await wait()); tell();'],
    ['after a right side that may not run', 'a ?? (await wait()); tell();'],
    ['after an assignment that may not happen', 'let b = a; b ??= await wait(); b &&= tell();'],
    ['in a default', 'const { b = await wait(), c = tell() } = a; return [b, c];'],
    ['in a template', 'return `${await wait()} ${tell()}`;'],
    ['after the test of an if', 'if (await wait()) tell();'],
    ['after an if', 'if (a) await wait(); tell();'],
    ['after an else', 'if (a) return; else await wait(); tell();'],
    ['in the end of a condition', '(a ? await wait() : a, tell());'],
    ['in an arm of a condition after it', '(await wait()) ? tell() : a;'],
    ['in a later case that is fallen into', 'switch (a) { case 1: await wait(); case 2: tell(); }'],
    [
      'in a case after a default in the middle',
      'switch (a) { case 1: break; default: await wait(); case 2: tell(); }',
    ],
    ['after a switch', 'switch (a) { case 1: await wait(); break; case 2: return; } tell();'],
    ['after the subject of a switch', 'switch (await wait()) { case 1: tell(); }'],
    ['after the test of a case', 'switch (a) { case await wait(): return; case 2: tell(); }'],
    ['in the next round of a loop', 'for (const x of xs) { tell(x); await wait(); }'],
    [
      'in the next round after a continue',
      'for (const x of xs) { tell(); if (x) { await wait(); continue; } return; }',
    ],
    ['in the test of a loop', 'while (tell()) await wait();'],
    ['in the test of a do', 'do { await wait(); } while (tell());'],
    ['after the test of a do', 'do { tell(); } while (await wait());'],
    ['in what follows a round', 'for (;; tell()) await wait();'],
    [
      'in what follows a continue',
      'for (;; tell()) { if (a) { await wait(); continue; } return; }',
    ],
    ['in the test of a for', 'for (; tell(); ) await wait();'],
    ['after the start of a for', 'for (let i = await wait(); i < 3; i++) tell();'],
    ['in the first round after the test of a for', 'for (; await wait(); ) return tell();'],
    ['after a function that returns', 'const b = () => { return a; }; await wait(); tell(b);'],
    ['after an endless loop', 'for (;;) { if (a) break; await wait(); } tell();'],
    ['after a loop whose rounds all return', 'while (await wait()) return; tell();'],
    ['in a loop with await', 'for await (const x of xs) tell(x);'],
    ['after a loop with await', 'for await (const x of xs) a(x); tell();'],
    ['in a loop over what it waited for', 'for (const x of await wait()) tell(x);'],
    ['in a loop over names', 'for (const x in xs) { tell(x); await wait(); }'],
    [
      'after a break out of two loops',
      'out: for (const x of xs) { for (const y of x) { if (y) { await wait(); break out; } } return; } tell();',
    ],
    [
      'after a continue of the outer loop',
      'out: for (const x of xs) { tell(); for (const y of x) { if (y) { await wait(); continue out; } } return; }',
    ],
    [
      'after a break out of a block',
      'out: { if (a) { await wait(); break out; } return; } tell();',
    ],
    [
      'after a break of the loop around',
      'for (;;) { if (a) { await wait(); break; } for (;;) { break; } return; } tell();',
    ],
    ['in a catch', 'try { return await wait(); } catch { tell(); }'],
    ['in a catch of what is thrown', 'try { await wait(); throw a; } catch { tell(); }'],
    ['after a catch', 'try { await wait(); throw a; } catch {} tell();'],
    ['in a finally', 'try { return await wait(); } finally { tell(); }'],
    [
      'in a finally after a catch',
      'try { a(); } catch { await wait(); throw a; } finally { tell(); }',
    ],
    ['after a finally', 'try { a(); } finally { await wait(); } tell();'],
    [
      'after a jump through a finally',
      'for (;;) { try { break; } finally { await wait(); } } tell();',
    ],
    [
      'after a jump through two',
      'for (;;) { try { try { break; } finally { await wait(); } } finally { a(); } } tell();',
    ],
    [
      'in the outer of two',
      'try { try { return; } finally { await wait(); } } finally { tell(); }',
    ],
    [
      'after a finally that jumps',
      'for (;;) { try { await wait(); return; } finally { break; } } tell();',
    ],
    ['in a function that is called at once', '(() => { a(); })(await wait()); (() => tell())();'],
    ['in what makes a promise', 'await wait(); await new Promise((done) => { tell(); done(a); });'],
    ['after a block that waits at its end', '{ await using b = a; b(); } tell();'],
  ])('is late: %s', (_, body) => {
    expect(timings(body)).toEqual(late);
  });

  it('is late after a yield', () => {
    expect(timings('yield a; tell();', 'async function*')).toEqual(late);
    expect(timings('yield; tell();', 'async function*')).toEqual(late);
  });
});

describe('when an effect comes before every await', () => {
  it.each([
    ['before it', 'tell(); await wait();'],
    ['awaited itself', 'await tell();'],
    ['in what is awaited', 'await wait(tell());'],
    ['before a comma', 'tell(), await wait();'],
    ['in a case before', 'switch (a) { case 1: tell(); default: await wait(); }'],
    ['in what makes a promise', 'await new Promise((done) => { tell(); done(a); });'],
    ['in a catch of what is called before', 'try { a(); } catch { return tell(); } await wait();'],
    ['in a finally before it', 'try { a(); } finally { tell(); } await wait();'],
    ['beside a function that nobody calls', 'const b = async () => { await wait(); }; tell(b);'],
  ])('is early: %s', (_, body) => {
    expect(timings(body)).toEqual(early);
  });
});

describe('when no way leads from an await to an effect below it', () => {
  it.each([
    ['after an arm that returns', 'if (a) { await wait(); return; } tell();'],
    ['after an arm that throws', 'if (a) { throw await wait(); } tell();'],
    ['in the other arm', 'if (a) await wait(); else tell();'],
    ['in the other arm of a condition', 'return a ? await wait() : tell();'],
    [
      'in the other arms of a chain',
      'if (a) await wait(); else if (a.b) tell(); else await wait();',
    ],
    [
      'in another case',
      'switch (a) { case 1: await wait(); break; case 2: tell(); break; default: await wait(); }',
    ],
    ['after a switch whose case returns', 'switch (a) { case 1: return await wait(); } tell();'],
    [
      'after a loop that returns',
      'for (const x of xs) { if (x) { await wait(); return; } } tell();',
    ],
    [
      'in a loop that returns after it',
      'for (const x of xs) { tell(x); if (x) return await wait(); }',
    ],
    [
      'in a loop that breaks after it',
      'for (const x of xs) { tell(x); if (x) { await wait(); break; } }',
    ],
    [
      'in a do that ends before its test',
      'do { tell(); if (a) await wait(); break; } while (await wait());',
    ],
    ['in what a loop goes through', 'for (const x of tell()) await wait(x);'],
    ['in the start of a for', 'for (let i = tell(); i < 3; i++) await wait();'],
    [
      'in an inner loop that breaks',
      'for (;;) { if (a) { await wait(); break; } for (;;) { tell(); break; } }',
    ],
    [
      'in a loop that a jump leaves',
      'out: for (const x of xs) { for (const y of x) { tell(y); if (y) { await wait(); break out; } } }',
    ],
    [
      'after a block that a return leaves',
      'out: { if (a) break out; return await wait(); } tell();',
    ],
    ['after a try that returns', 'try { if (a) return await wait(); } catch { return; } tell();'],
    [
      'after a finally on the way out',
      'try { if (a) return await wait(); } finally { a(); } tell();',
    ],
    [
      'after a finally that jumps away',
      'if (a) { try { await wait(); } finally { return; } } tell();',
    ],
    ['in what a loop waits for', 'for await (const x of tell()) a(x);'],
    ['in the block that waits at its end', '{ await using b = a; tell(b); }'],
  ])('is early in the file at hand, and late by the order of the text elsewhere: %s', (_, body) => {
    expect(timings(body)).toEqual({ here: 'early', elsewhere: 'late' });
  });
});

describe('when a function never comes to call an effect', () => {
  it.each([
    [
      'in what another object keeps',
      'await wait(); new Worker(a, async () => { await wait(); tell(); });',
    ],
    ['in a function that it only makes', 'await wait(); return () => tell();'],
  ])('calls none: %s', (_, body) => {
    expect(timings(body)).toEqual({ here: 'none', elsewhere: 'none' });
  });
});
