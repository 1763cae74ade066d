import { dirname } from 'node:path';
import { withoutCredentials } from '../../../configs/withoutCredentials.js';
import { onCalendar } from './onCalendar.js';

/** What a scheduled call needs to know: it gets neither a terminal nor a person's environment. */
export interface Place {
  plan: string;
  /** The plan as the command takes it. */
  argument: string;
  /** Absolute path of the folder that relative paths are seen from. */
  folder: string;
  /** That of the checkout, where it is another one. */
  checkout?: string;
  /** Absolute path of the Node.js that runs this. */
  node: string;
  schedule: string;
  /** Variables to pass on. */
  env: Record<string, string>;
}

/** Variables of this shell that decide where things are, how they are reached and which cards are used; no secrets. */
const passedOn = [
  'CUDA_VISIBLE_DEVICES',
  'HF_ENDPOINT',
  'HF_HOME',
  'HF_HUB_CACHE',
  'HF_HUB_OFFLINE',
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
  'LD_LIBRARY_PATH',
  'NVIDIA_TF32_OVERRIDE', // part of the contract
  'TERCET_BACKEND',
  'TERCET_ENGINE',
  'TERCET_MIRROR',
  'TZ',
];

export const environmentOf = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    passedOn.flatMap((name) => {
      const value = env[name];
      return value && withoutCredentials(value) === value ? [[name, value] as const] : [];
    }),
  );

/** The names of a plan's service and timer, without their endings. */
export const unitName = (plan: string) => `tercet-retrain-${plan}`;

/**
 * A service that retrains once. Found worse (3) is a result, not a failure; the user's mistake (2) and another call at
 * work (4) are not tried again. It is given time to save when it is stopped. Source: systemd.service(5), systemd.exec(5).
 */
export function serviceUnit({ plan, argument, folder, checkout, node, env }: Place): string {
  const variables = { PATH: pathOf(node), ...env };
  return `[Unit]
Description=tercet: retraining ${plan}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory=${escaped(folder)}
${Object.entries(variables)
  .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`)
  .join(
    '',
  )}ExecStart=${quoted(`${dirname(node)}/npm`)} ${prefixed(checkout, quoted)}run --silent retrain -- ${quoted(argument)}
SuccessExitStatus=3 130
Restart=on-failure
RestartSec=10min
RestartPreventExitStatus=2 4
TimeoutStartSec=infinity
TimeoutStopSec=15min
MemoryMax=95%
Nice=5
StandardOutput=journal
StandardError=journal
`;
}

/** A timer that catches up once when the machine was off. Source: systemd.timer(5). */
export function timerUnit({ plan, schedule }: Place): string {
  return `[Unit]
Description=tercet: when to retrain ${plan}

[Timer]
OnCalendar=${onCalendar(schedule)}
Persistent=true
RandomizedDelaySec=60

[Install]
WantedBy=timers.target
`;
}

/** A line of a crontab; a `%` would end it. What the call says goes to retraining.log in the plan's folder. */
export function cronLine({ plan, argument, folder, checkout, node, schedule, env }: Place, log: string): string {
  const variables = { PATH: pathOf(node), ...env };
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${shellQuoted(value)}`);
  const command = `cd ${shellQuoted(folder)} && ${settings.join(' ')} npm ${prefixed(checkout, shellQuoted)}run --silent retrain -- ${shellQuoted(argument)} >> ${shellQuoted(log)} 2>&1`;
  return `${schedule} ${command.replaceAll('%', '\\%')} ${cronMark(plan)}`;
}

/** The folder of Node.js first, then those of every system. */
const pathOf = (node: string) => [...new Set([dirname(node), '/usr/local/bin', '/usr/bin', '/bin'])].join(':');

/** Ends the line of a plan, so that it is found again. */
export const cronMark = (plan: string) => `# ${unitName(plan)}`;

const prefixed = (checkout: string | undefined, quote: (text: string) => string) =>
  checkout === undefined ? '' : `--prefix ${quote(checkout)} `;

const escaped = (text: string) => text.replaceAll('%', '%%');
const quoted = (text: string) =>
  /^[\w@%+=:,./-]+$/.test(text) ? escaped(text) : `"${escaped(text).replace(/(["\\])/g, '\\$1')}"`;
const shellQuoted = (text: string) => (/^[\w@+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
