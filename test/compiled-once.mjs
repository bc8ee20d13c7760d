import vm from 'node:vm';

const { compileFunction } = vm;

/** What has been compiled in this process, by the name of its file. */
const compiled = new Map();

/** Shows a script that may load modules by itself, for which the test file it runs in matters. */
const imports = /\bimport\s*(\(|\.)/;

// Jest has every test file compile all that it loads, a thousand modules and more, which was a
// third of the time of most. A compiled script belongs to no context: it runs in each, and makes
// the module anew there.
vm.compileFunction = (source, parameters, options) => {
  const { filename, parsingContext } = options ?? {};
  let known = parsingContext && compiled.get(filename);
  if (known?.source !== source) {
    if (parsingContext === undefined || imports.test(source))
      return compileFunction(source, parameters, options);
    const head = `(function (${parameters.join(', ')}) {`;
    const text = `${head}${source}\n})`;
    known = { source, script: new vm.Script(text, { filename, columnOffset: -head.length }) };
    compiled.set(filename, known);
  }
  return known.script.runInContext(parsingContext);
};
