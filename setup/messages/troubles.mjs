import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readJson, tensorflowVersion } from '../folder/engineFolder.mjs';

/** How long a start leaves alone what failed for a reason that it cannot see by itself, such as the network. */
const patienceMs = 3_600_000;

/** Why the TensorFlow engine cannot be installed. `message` says what is missing, `remedy` what would cure it. */
export class Trouble extends Error {
  /** @param options.waits  do not try again at the next start: trying takes time, and nothing shows that it would help */
  constructor(message, remedy, { waits = false } = {}) {
    super(message);
    this.remedy = remedy;
    this.waits = waits;
  }
}

/** @param root  the engine folder */
export function diskTrouble(root, message = `the disk of ${root} is full`) {
  const trouble = new Trouble(message, 'free some space there, or name a folder elsewhere in TERCET_ENGINE');
  return Object.assign(trouble, { isDiskFull: true });
}

/** The line every start prints while the trouble lasts. */
export function troubleLine({ message, remedy }) {
  return `engine: WebAssembly, slower than TensorFlow ${tensorflowVersion}: ${message}; ${remedy}`;
}

export function rememberTrouble(path, { message, remedy, waits }, now = Date.now()) {
  try {
    writeFileSync(path, `${JSON.stringify({ message, remedy, waits, at: new Date(now).toISOString() })}\n`);
  } catch {
    // The folder cannot be written, or the disk is full: the next start finds out again.
  }
}

/** The trouble that a start need not look into again, or undefined. */
export function waitingTrouble(path, now = Date.now()) {
  const trouble = readJson(path);
  const age = now - Date.parse(trouble?.at);
  return trouble?.waits && age >= 0 && age < patienceMs ? trouble : undefined;
}

export function forgetTrouble(path) {
  rmSync(path, { force: true });
}

const packages = [
  { like: /debian|ubuntu/, install: 'apt install', compiler: 'g++', python: 'python3 python3-pip', pip: 'python3-pip' },
  {
    like: /fedora|rhel|centos|amzn/,
    install: 'dnf install',
    compiler: 'gcc-c++',
    python: 'python3 python3-pip',
    pip: 'python3-pip',
  },
  { like: /suse/, install: 'zypper install', compiler: 'gcc-c++', python: 'python3 python3-pip', pip: 'python3-pip' },
  { like: /arch/, install: 'pacman -S', compiler: 'gcc', python: 'python python-pip', pip: 'python-pip' },
];

/**
 * Trouble about programs that were not found, with the command that installs them on this distribution.
 * @param missing    of `python`, `pip`, `compiler`
 * @param osRelease  text of /etc/os-release
 */
export function programsTrouble(missing, osRelease = readOsRelease()) {
  const names = { python: 'Python 3', pip: 'pip for Python 3', compiler: 'a C++ compiler' };
  const words = missing.map((name) => names[name]);
  const list = words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words.at(-1)}` : words[0];
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].map((match) => match[1]).join(' ');
  const system = packages.find(({ like }) => like.test(ids));
  const how = system ? ` (${system.install} ${missing.map((name) => system[name]).join(' ')})` : '';
  const [verb, pronoun] = words.length > 1 ? ['were', 'them'] : ['was', 'it'];
  return new Trouble(
    `${list} ${verb} not found`,
    `install ${pronoun}${how}, and the next start installs TensorFlow by itself`,
  );
}

function readOsRelease() {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}
