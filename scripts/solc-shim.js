#!/usr/bin/env node
// A native-solc look-alike over the npm package "solc" (the compiler built for JavaScript).
//
// py-solc-x, Forge and crytic-compile call a compiler as a program with --version and --standard-json; npm's own
// `solcjs` mixes notices into its output and refuses --allow-paths, so none of them can use it. The package is found
// in ../node_modules/solc, or in the folder that SOLCJS_DIR names (for a copy of this file, as `solcx` makes).
'use strict';
const fs = require('fs');
const path = require('path');

const PATH_OPTIONS = ['--base-path', '--include-path', '--allow-paths'];
const args = process.argv.slice(2);

function fail(message) {
  process.stderr.write(`solc-shim: ${message}\n`);
  process.exit(1);
}

function valuesOf(option) {
  return args.flatMap((arg, i) => {
    if (arg === option && i + 1 < args.length) return [args[i + 1]];
    return arg.startsWith(`${option}=`) ? [arg.slice(option.length + 1)] : [];
  });
}

function loadCompiler() {
  const folder = process.env.SOLCJS_DIR || path.join(__dirname, '..', 'node_modules', 'solc');
  if (!fs.existsSync(path.join(folder, 'soljson.js'))) {
    fail(`no soljson.js in ${folder}; run "npm ci --ignore-scripts" or set SOLCJS_DIR to an npm "solc" package`);
  }
  const compiler = require(folder);
  // The package installs a handler that turns every exception into a silent abort.
  process.removeAllListeners('uncaughtException');
  return compiler;
}

function readImport(name) {
  const bases = [...valuesOf('--base-path'), ...valuesOf('--include-path'), ''];
  for (const base of bases) {
    try {
      return { contents: fs.readFileSync(path.join(base, name), 'utf8') };
    } catch (error) {
      // Not under this base: try the next.
    }
  }
  return { error: `File not found: ${name}` };
}

// A pipe may take less than it is given, or nothing for the moment.
function writeFully(text) {
  const bytes = Buffer.from(text, 'utf8');
  let done = 0;
  while (done < bytes.length) {
    try {
      done += fs.writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

if (args.includes('--version')) {
  writeFully(`solc, the solidity compiler commandline interface\nVersion: ${loadCompiler().version()}\n`);
} else if (args.includes('--standard-json')) {
  const isFile = (arg, i) => !arg.startsWith('-') && !PATH_OPTIONS.includes(args[i - 1]);
  const file = args.find(isFile);
  const input = fs.readFileSync(file === undefined ? 0 : file, 'utf8');
  writeFully(`${loadCompiler().compile(input, { import: readImport })}\n`);
} else {
  fail('only --version and --standard-json are offered');
}
