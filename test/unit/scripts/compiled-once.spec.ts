import * as vm from 'node:vm';

const filename = '/modules/one.js';
const parameters = ['module', 'exports'];

type Wrapper = (module: object, exports: Record<string, unknown>) => void;

function compile(source: string, parsingContext = vm.createContext()): Wrapper {
  return vm.compileFunction(source, parameters, { filename, parsingContext }) as Wrapper;
}

function load(source: string, context = vm.createContext()): Record<string, unknown> {
  const exports = {};
  compile(source, context)({}, exports);
  return exports;
}

describe('when test files load the same module', () => {
  it('compiles it once', () => {
    const run = jest.spyOn(vm.Script.prototype, 'runInContext');

    load('exports.once = 1;');
    load('exports.once = 1;');

    const scripts = run.mock.contexts;
    run.mockRestore();
    expect(scripts).toHaveLength(2);
    expect(scripts[0]).toBe(scripts[1]);
  });

  it('makes it anew in the context of each', () => {
    const [first, second] = [vm.createContext({ which: 1 }), vm.createContext({ which: 2 })];
    const source = 'exports.list = []; exports.which = which;';

    const [one, two] = [load(source, first), load(source, second)];

    expect([one.which, two.which]).toEqual([1, 2]);
    expect(Object.getPrototypeOf(one.list)).toBe(vm.runInContext('Array.prototype', first));
    expect(Object.getPrototypeOf(two.list)).toBe(vm.runInContext('Array.prototype', second));
  });

  it('compiles it again when its text is another', () => {
    expect([load('exports.it = 1;').it, load('exports.it = 2;').it]).toEqual([1, 2]);
  });

  it('tells the place of an error as the file has it', () => {
    expect(() => load('const it = 1; throw new Error("here");')).toThrow(
      expect.objectContaining({ stack: expect.stringContaining(`${filename}:1:21`) }),
    );
  });

  it('leaves one that imports by itself to Jest, which loads for one test file', () => {
    const run = jest.spyOn(vm.Script.prototype, 'runInContext');

    compile('return import("another");');

    expect(run).not.toHaveBeenCalled();
    run.mockRestore();
  });
});
