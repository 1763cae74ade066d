import { html, Html } from './html.js';
import { reportStyle } from './style.js';

export interface PageParts {
  title: string;
  /** Below the title. */
  header: Html[];
  sections: PageSection[];
  /** Runs when the page is there. */
  script?: string;
  /** Read by the script, as JSON. */
  data?: unknown;
}

export interface PageSection {
  id: string;
  heading: string;
  content: Html;
}

/** One HTML file that needs nothing else and may fetch nothing: its own policy forbids it. Pictures are within it. */
export function pageShell({ title, header, sections, script, data }: PageParts): string {
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${script ? "'unsafe-inline'" : "'none'"}`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <title>${title}</title>
        <style>
          ${new Html(reportStyle)}
        </style>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the results</a>
        <header>
          <p class="kicker">tercet report</p>
          <h1>${title}</h1>
          ${header}
        </header>
        ${contents(sections)}
        <main id="main" tabindex="-1">
          ${sections.map(
            ({ id, heading, content }) =>
              html`<section aria-labelledby="${id}">
                <h2 id="${id}">${heading}</h2>
                ${content}
              </section>`,
          )}
        </main>
        ${
          script === undefined
            ? null
            : html`<script type="application/json" id="data">
                  ${new Html(inlineJson(data))}
                </script>
                <script>
                  ${new Html(script)};
                </script>`
        }
      </body>
    </html> `;
  return page.markup.replace(/\n\s+/g, '\n');
}

function contents(sections: readonly PageSection[]): Html | null {
  if (sections.length < 4) return null;
  return html`<nav aria-label="Sections">
    <ul>
      ${sections.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li>`)}
    </ul>
  </nav>`;
}

/** No text can end the element that holds it. */
const inlineJson = (data: unknown) => JSON.stringify(data).replaceAll('<', '\\u003c');
