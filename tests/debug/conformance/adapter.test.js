// The public test kit for debug adapters drives ours: node_modules/.bin/mocha adapter.test.js
// MORROW_PYTHON is a python that has morrow. Run by .ci/run; see docs/guide/editors.md.
const { DebugClient } = require('@vscode/debugadapter-testsupport');
const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawn } = require('child_process');

const python = process.env.MORROW_PYTHON || 'python3';
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'morrow-dap-'));
const program = path.join(folder, 'app.py');
fs.writeFileSync(program, [
  'def add(a, b):',
  '    result = a + b',
  '    return result',
  'for number in range(3):',
  '    total = add(number, 1)',
  'print("total", total)',
  'try:',
  '    raise ValueError("caught")',
  'except ValueError:',
  '    pass',
  'raise SystemExit(total)',
].join('\n') + '\n');

describe('morrow --dap', function () {
  this.timeout(30000);
  let client;

  beforeEach(() => {
    client = new DebugClient(python, '', 'python');
    start(client);
  });
  afterEach(() => client.stop());
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  function start(client) {
    const child = spawn(python, ['-m', 'morrow', '--dap'], { stdio: ['pipe', 'pipe', 'inherit'] });
    client.connect(child.stdout, child.stdin);
    const ended = new Promise(resolve => child.once('exit', resolve));
    client.stop = () => Promise.race([client.disconnectRequest().catch(() => {}), ended]).then(() => child.stdin.end()).then(() => ended);
  }

  it('refuses an unknown request', () =>
    client.send('illegal_request').then(() => assert.fail('it was answered'), () => undefined));

  it('says what it can do', () =>
    client.initializeRequest().then(response => {
      for (const name of ['supportsConfigurationDoneRequest', 'supportsConditionalBreakpoints', 'supportsHitConditionalBreakpoints',
        'supportsLogPoints', 'supportsFunctionBreakpoints', 'supportsSetVariable', 'supportsGotoTargetsRequest']) {
        assert.strictEqual(response.body[name], true, name);
      }
    }));

  it('runs a program to its end', () => Promise.all([
    client.configurationSequence(),
    client.launch({ program }),
    client.waitForEvent('exited').then(event => assert.strictEqual(event.body.exitCode, 3)),
    client.waitForEvent('terminated'),
    client.assertOutput('stdout', 'total 3\n', 10000),
  ]));

  it('stops on entry', () => Promise.all([
    client.configurationSequence(),
    client.launch({ program, stopOnEntry: true }),
    client.assertStoppedLocation('entry', { line: 1 }),
  ]));

  it('stops at a breakpoint', () => client.hitBreakpoint({ program }, { path: program, line: 5 }));

  it('moves a breakpoint to the next line with code', () =>
    client.hitBreakpoint({ program }, { path: program, line: 3 }));

  it('obeys conditions', () => Promise.all([
    client.waitForEvent('initialized')
      .then(() => client.setBreakpointsRequest({ source: { path: program }, breakpoints: [{ line: 2, condition: 'a == 2' }] }))
      .then(() => client.configurationDoneRequest()),
    client.launch({ program }),
    client.assertStoppedLocation('breakpoint', { line: 2 }),
  ]).then(async () => {
    const stack = await client.stackTraceRequest({ threadId: 1 });
    const scopes = await client.scopesRequest({ frameId: stack.body.stackFrames[0].id });
    const variables = await client.variablesRequest({ variablesReference: scopes.body.scopes[0].variablesReference });
    assert.deepStrictEqual(variables.body.variables.map(v => [v.name, v.value]), [['a', '2'], ['b', '1']]);
  }));

  it('steps', () =>
    client.hitBreakpoint({ program }, { path: program, line: 5 }).then(async () => {
      await Promise.all([client.stepInRequest({ threadId: 1 }), client.assertStoppedLocation('step', { line: 2 })]);
      await Promise.all([client.nextRequest({ threadId: 1 }), client.assertStoppedLocation('step', { line: 3 })]);
      await Promise.all([client.stepOutRequest({ threadId: 1 }), client.assertStoppedLocation('step', { line: 4 })]);
    }));

  it('evaluates', () =>
    client.hitBreakpoint({ program }, { path: program, line: 2 }).then(async () => {
      const stack = await client.stackTraceRequest({ threadId: 1 });
      const answer = await client.evaluateRequest({ expression: 'a + b', frameId: stack.body.stackFrames[0].id, context: 'watch' });
      assert.strictEqual(answer.body.result, '1');
    }));

  it('stops at exceptions that are raised', () => Promise.all([
    client.waitForEvent('initialized').then(() => client.setExceptionBreakpointsRequest({ filters: ['raised'] }))
      .then(() => client.configurationDoneRequest()),
    client.launch({ program }),
    client.assertStoppedLocation('exception', { line: 8 }),
  ]));

  it('pauses and attaches', () => new Promise((resolve, reject) => {
    const target = spawn(python, ['-c', 'import time\nprint("ready", flush=True)\nwhile True: time.sleep(0.01)']);
    target.stdout.once('data', () => {
      Promise.all([
        client.initializeRequest().then(() => client.attachRequest({ processId: target.pid })),
        client.waitForEvent('initialized').then(() => client.configurationDoneRequest()),
      ]).then(() => Promise.all([client.waitForEvent('stopped'), client.pauseRequest({ threadId: 1 })])) // it may come at once
        .then(() => client.threadsRequest()).then(response => assert.strictEqual(response.body.threads[0].name, 'MainThread'))
        .then(() => client.disconnectRequest())
        .then(() => { assert.strictEqual(target.exitCode, null); target.kill(); resolve(); }, error => { target.kill(); reject(error); });
    });
  }));
});
