import { html, type Html } from '../page/html.js';
import type { Comparison, FieldDifference } from '../comparison/comparison.js';
import { scrolling } from '../page/formats.js';

/** In what the models differ, and the contract that they share. */
export function fieldsSection({ models, fields }: Comparison): Html | null {
  const contract = models.find((model) => model.contract)?.contract;
  if (!contract && fields.length === 0) return null;
  const differing = new Set(fields.map(({ field }) => field));
  const shared = Object.entries(contract ?? {}).filter(([field]) => !differing.has(`contract.${field}`));
  return html`${fields.length === 0 ? html`<p>The models differ in no setting and no field of the contract.</p>` : differencesTable(fields)}
  ${
    shared.length === 0
      ? null
      : html`<details>
          <summary>The contract that they share</summary>
          ${scrolling(
            'fields',
            html`<table class="dense">
              <caption>
                <span>What makes embeddings comparable: tokenizer, prefixes, lengths, pooling, precision.</span>
              </caption>
              <thead>
                <tr>
                  <th scope="col">Field</th>
                  <th scope="col">Value</th>
                </tr>
              </thead>
              <tbody>
                ${shared.map(
                  ([field, value]) =>
                    html`<tr>
                      <th scope="row">${field}</th>
                      <td><code>${JSON.stringify(value)}</code></td>
                    </tr>`,
                )}
              </tbody>
            </table>`,
          )}
        </details>`
  }`;
}

function differencesTable(fields: readonly FieldDifference[]): Html {
  const models = [...new Set(fields.flatMap(({ values }) => Object.keys(values)))];
  return scrolling(
    'fields',
    html`<table class="dense">
      <caption>
        <span
          >Each setting and field of the contract that is not the same for all; what follows from the base is part of
          what is compared.</span
        >
      </caption>
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">Follows from the base</th>
          ${models.map((model) => html`<th scope="col">${model}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${fields.map(
          ({ field, values, isOfBase }) =>
            html`<tr>
              <th scope="row">${field}</th>
              <td class="${isOfBase ? '' : 'worse'}">${isOfBase ? 'yes' : 'no'}</td>
              ${models.map((model) => html`<td><code>${cut(values[model] ?? '–')}</code></td>`)}
            </tr>`,
        )}
      </tbody>
    </table>`,
  );
}

/** A hash is told apart by its beginning. */
const cut = (value: string) => value.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/, '$1…');
