/**
 * What a fresh clone needs, run before every command: the Node modules, then the TensorFlow engine. Plain Node.js.
 * When all is there it prints nothing. `npm run setup` also checks every file by its hash and tries again at once what
 * failed before. TERCET_ENGINE names another folder for the engine; TERCET_BACKEND=wasm goes without it.
 */
const oldestNode = 20;

if (Number.parseInt(process.versions.node) < oldestNode) {
  console.error(`error: tercet needs Node.js ${oldestNode} or newer; this is ${process.versions.node}; see nodejs.org`);
  process.exit(2);
}
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
])
  process.on(signal, () => process.exit(128 + number)); // so that locks are released and children stopped

// Imported after the check, because older versions cannot load them.
const { limitTrouble } = await import('./setup/limits.mjs');
const trouble = limitTrouble();
if (trouble !== undefined) {
  console.error(`error: ${trouble}`);
  process.exit(2);
}
const { ensureEngine } = await import('./setup/engine.mjs');
const { ModulesError, ensureModules } = await import('./setup/modules.mjs');
const { npm_lifecycle_event: script = 'setup', TERCET_BACKEND: backend } = process.env;
try {
  await ensureModules();
  if (backend !== 'wasm') await ensureEngine({ thorough: script === 'setup' });
} catch (error) {
  const usersTurn = error instanceof ModulesError;
  console.error(usersTurn ? `error: ${error.message}` : error);
  process.exit(usersTurn ? 2 : 1);
}
