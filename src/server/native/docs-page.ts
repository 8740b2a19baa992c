import { operations } from "./openapi.ts";
import type { Operation } from "./operation.ts";

/** GET /api/docs: the API for people to read, in one page that loads nothing else. */
export function docsPage(version: string, publicBase: string): string {
  const sections = operations.map(describeOperation).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Upres API</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .3rem; }
code, pre { font: .9rem/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .8rem; border: 1px solid #8886; border-radius: .4rem; }
.method { display: inline-block; min-width: 4.2rem; font-weight: 600; }
p, ul { margin: .3rem 0; }
</style>
</head>
<body>
<h1>Upres API ${escapeHtml(version)}</h1>
<p>Send <code>Authorization: Bearer &lt;key&gt;</code> with every request; a server without keys needs none.
For programs: <a href="openapi.json">openapi.json</a>.</p>
<pre>B=${escapeHtml(publicBase)}
curl --data-binary @in.mp4 "$B/api/uploads?name=in.mp4"
curl --json '{"upload_id":"…","to":"1080p"}' $B/api/jobs
curl -N $B/api/jobs/…/events</pre>
${sections}
</body>
</html>
`;
}

function describeOperation({ method, path, summary, about, query = [], headers = [] }: Operation): string {
  const parameters = [...query, ...headers].map(
    ({ name, about: meaning }) => `<li><code>${escapeHtml(name)}</code> ${toHtml(meaning)}</li>`,
  );
  return `<h2><span class="method">${method.toUpperCase()}</span> <code>${escapeHtml(path)}</code></h2>
<p>${toHtml(about === undefined ? `${summary}.` : `${summary}. ${about}`)}</p>
${parameters.length > 0 ? `<ul>${parameters.join("")}</ul>` : ""}`;
}

/** Words between backticks are code. */
function toHtml(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
