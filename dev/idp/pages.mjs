// The pages a person clicks through. Plain HTML made here; every id and name is kept stable for browser tests:
// #signin-form #username #password #signin, .account-tile[data-upn], #other-account, #accept, #decline,
// #return-to-app, #error-message, #aadsts[data-code].

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1b1f;--soft:#5d5f66;--card:#fff;--line:#d8dae0;--accent:#0b63b8}
@media (prefers-color-scheme:dark){:root{--ink:#eceef2;--soft:#a9adb8;--card:#23262d;--line:#3b404a;--accent:#6db3f2}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);
background:linear-gradient(140deg,#dfe9f5,#f4f1ea)}
@media (prefers-color-scheme:dark){body{background:linear-gradient(140deg,#14202e,#1d1b18)}}
main{width:100%;max-width:27.5rem;background:var(--card);border-radius:.75rem;padding:2.25rem;box-shadow:0 12px 40px rgba(0,0,0,.14)}
h1{font-size:1.4rem;font-weight:600;margin:.25rem 0 1rem}
.brand{font-weight:600;color:var(--soft);letter-spacing:.01em}
.who{color:var(--soft);overflow-wrap:anywhere}
label{display:block;margin:.9rem 0 .25rem;font-weight:600;font-size:.9rem}
input{width:100%;padding:.6rem .7rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.4rem}
.row{display:flex;gap:.75rem;justify-content:flex-end;margin-top:1.5rem;flex-wrap:wrap}
button,.button{font:inherit;padding:.55rem 1.4rem;border-radius:.4rem;border:1px solid var(--line);background:transparent;color:inherit;cursor:pointer;text-decoration:none}
button.main{background:#0b63b8;border-color:#0b63b8;color:#fff}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.account-tile{display:block;width:100%;text-align:start;margin:.4rem 0;padding:.75rem 1rem}
.account-tile small{display:block;color:var(--soft)}
.error{color:#b3261e;margin:.75rem 0 0}
@media (prefers-color-scheme:dark){.error{color:#ffb4ab}}
ul{padding-inline-start:1.2rem}li{margin:.35rem 0}
dl{font-size:.85rem;color:var(--soft);overflow-wrap:anywhere}dd{margin:0 0 .5rem}
`;

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeHtml(value) {
  return String(value ?? '').replace(/[&<>"']/g, (c) => ESCAPES[c]);
}

const h = escapeHtml;

function page(title, body) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${h(title)}</title><style>${STYLE}</style></head><body><main><div class="brand">Sample organisation</div>${body}</main></body></html>`;
}

const hidden = (flow) => `<input type="hidden" name="flow" value="${h(flow.id)}">`;

export function signInPage(flow, { login = '', error = null } = {}) {
  const focus = login ? '' : ' autofocus';
  return page('Sign in', `<h1>Sign in</h1><p class="who">to continue to ${h(flow.app.name)}</p>
<form method="post" action="${h(flow.base)}/login" id="signin-form">${hidden(flow)}
<label for="username">Email or user name</label>
<input id="username" name="username" type="email" autocomplete="username" required value="${h(login)}"${focus}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${login ? ' autofocus' : ''}>
${error ? `<p class="error" id="error-message" role="alert" data-code="${error.code}">${h(error.text)}</p>` : ''}
<div class="row"><button class="main" id="signin" type="submit">Sign in</button></div></form>`);
}

export function accountsPage(flow, accounts) {
  const tiles = accounts.map((p) => `<button class="account-tile" name="account" value="${h(p.upn)}" data-upn="${h(p.upn)}">
${h(p.name)}<small>${h(p.upn)} · signed in</small></button>`).join('');
  return page('Pick an account', `<h1>Pick an account</h1><p class="who">to continue to ${h(flow.app.name)}</p>
<form method="post" action="${h(flow.base)}/select">${hidden(flow)}${tiles}
<button class="account-tile" id="other-account" name="account" value="">Use another account</button></form>`);
}

export function consentPage(flow, person, texts) {
  const items = texts.map((t) => `<li>${h(t)}</li>`).join('');
  const title = flow.kind === 'admin' ? 'Permissions requested: review for your organization' : 'Permissions requested';
  return page(title, `<p class="who" id="consent-user">${h(person.upn)}</p><h1>${h(title)}</h1>
<p><strong id="consent-app">${h(flow.app.name)}</strong> (${h(flow.app.publisher)}) would like to:</p><ul id="consent-scopes">${items}</ul>
<p class="who">Accept only if you trust this application.</p>
<form method="post" action="${h(flow.base)}/consent">${hidden(flow)}<div class="row">
<button id="decline" name="answer" value="decline">Cancel</button>
<button class="main" id="accept" name="answer" value="accept">Accept</button></div></form>`);
}

export function approvalPage(flow, person, error, ids) {
  return page('Need admin approval', `<p class="who">${h(person.upn)}</p><h1>Need admin approval</h1>
<p id="aadsts" data-code="${error.code}">${h(error.message)}</p>
<form method="post" action="${h(flow.base)}/consent">${hidden(flow)}<div class="row">
<button id="return-to-app" name="answer" value="approval">Return to the application without granting consent</button></div></form>
${details(error, ids)}`);
}

function details(error, ids) {
  return `<dl><dt>Error Code</dt><dd>${error.code}</dd><dt>Request Id</dt><dd>${h(ids.trace_id)}</dd>
<dt>Correlation Id</dt><dd>${h(ids.correlation_id)}</dd><dt>Timestamp</dt><dd>${h(ids.timestamp)}</dd></dl>`;
}

export function errorPage(error, ids) {
  return page('Sign in error', `<h1>Sorry, but we’re having trouble signing you in.</h1>
<p id="aadsts" data-code="${error.code}" role="alert">${h(error.message)}</p>${details(error, ids)}`);
}

export function plainPage(title, text) {
  return page(title, `<h1>${h(title)}</h1><p>${h(text)}</p>`);
}

/** response_mode=form_post: a page that posts itself back, with a button since no script runs here. */
export function formPostPage(uri, params) {
  const fields = Object.entries(params).filter(([, v]) => v !== undefined)
    .map(([k, v]) => `<input type="hidden" name="${h(k)}" value="${h(v)}">`).join('');
  return page('Working…', `<form method="post" action="${h(uri)}">${fields}
<div class="row"><button class="main" id="continue">Continue</button></div></form>`);
}
