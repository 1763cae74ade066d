import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { startHubServer, type HubServer } from '../../checkpoints/hub/hubServer.js';
import { startFileServer, type FileServer } from '../../data/download/fileServer.js';

/** Servers on this machine in the place of the hub and of the data sets' hosts. */
export interface Sources {
  hub: HubServer;
  files: FileServer;
}

const words = ['cat', 'dog', 'cow', 'owl', 'bee', 'ant', 'elk', 'hen', 'rat', 'yak', 'eel', 'fox'];
const passage = (row: number) => ({ docid: `${row}`, title: '', text: `The ${words[row % 12]} of row ${row}.` });

/**
 * Start them with the data sets `msmarco-train`, of 2,000 rows, and `msmarco`, of a dozen passages, in their own forms.
 * @param folder  a copy of the checkout, whose `msmarco` is described anew
 */
export async function startSources(folder: string): Promise<Sources> {
  const [hub, files] = [await startHubServer(), await startFileServer()];
  const rows = Array.from({ length: 2000 }, (_, row) => ({
    ...{ query_id: `${row}`, query: `tell me of the ${words[row % 12]} ${row}` },
    positive_passages: [passage(row)],
    negative_passages: [passage(row + 1), passage(row + 5)],
  }));
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  hub.add('Tevatron/msmarco-passage-aug', { 'train.jsonl.gz': gzipSync(lines) });
  writeFileSync(join(folder, 'configs/datasets/msmarco.yaml'), msmarco(files));
  return { hub, files };
}

/** Variables by which commands ask them, and nobody else. */
export const sourcesEnvironment = ({ hub, files }: Sources): Record<string, string> => ({
  ...{ HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: '', HF_TOKEN: '', HF_HUB_OFFLINE: '', TERCET_MIRROR: files.mirror },
});

function msmarco(files: FileServer): string {
  const contents: Record<string, string> = {
    'collection.tsv': words.map((word, row) => `${row}\tThe ${word} is an animal.\n`).join(''),
    ...Object.fromEntries(
      ['dev', 'dl19', 'dl20'].flatMap((split) => [
        [`queries.${split}.tsv`, words.map((word, row) => `${row}\twhat is a ${word}\n`).join('')],
        [`qrels/${split}.tsv`, words.map((_, row) => `${row} 0 ${row} 3\n`).join('')],
      ]),
    ),
  };
  const sources = Object.entries(contents).map(([name, text]) => {
    const bytes = Buffer.from(text);
    files.files.set(`/files.example/${name}`, bytes);
    const md5 = createHash('md5').update(bytes).digest('hex');
    return `  - { url: 'https://files.example/${name}', bytes: ${bytes.length}, md5: ${md5}, as: ${name} }\n`;
  });
  const head = 'about: small\nlicence: for tests\npage: https://files.example/\nfolder: msmarco\nsources:\n';
  return head + sources.join('');
}
