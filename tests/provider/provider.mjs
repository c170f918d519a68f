// A certified OpenID provider on loopback for the tests: npm's `oidc-provider`, unchanged, with
// short tokens that rotate, and a second port on which a test asks what was issued and orders
// misbehaviour. Prints one line of JSON with both addresses when it listens.
//
// Surprising: a held answer is held *after* the provider did its work, so the token is rotated
// already while the client still waits, as on a slow network. A request whose client hung up before
// the work began is not worked on at all, as behind a proxy.

import http from 'node:http';
import { Provider } from 'oidc-provider';

const options = JSON.parse(process.argv[2] ?? '{}');
const lifetime = options.access_token_seconds ?? 20;
const port = options.port ?? 0;
// For so long a refresh token that was used already is good once more.
const grace = options.grace_ms ?? 0;
// Wall clock in milliseconds, with fractions.
const now = () => performance.timeOrigin + performance.now();

// Everything the provider stores, by model, so that grants can be revoked as an administrator does.
const stores = new Map();
class Memory {
  constructor(model) {
    this.model = model;
    if (!stores.has(model)) stores.set(model, new Map());
    this.store = stores.get(model);
  }
  async upsert(id, payload, seconds) {
    this.store.set(id, { payload, ends: seconds ? Date.now() + seconds * 1000 : Infinity });
  }
  async find(id) {
    const found = this.store.get(id);
    if (!found || found.ends <= Date.now()) return undefined;
    if (found.consumedAt && now() - found.consumedAt < grace) {
      return { ...found.payload, consumed: undefined };
    }
    return found.payload;
  }
  async findByUid(uid) {
    return this.#findBy('uid', uid);
  }
  async findByUserCode(code) {
    return this.#findBy('userCode', code);
  }
  async #findBy(key, value) {
    for (const { payload, ends } of this.store.values()) {
      if (payload[key] === value && ends > Date.now()) return payload;
    }
    return undefined;
  }
  async consume(id) {
    const found = this.store.get(id);
    found.consumedAt ??= now();
    found.payload.consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    this.store.delete(id);
  }
  async revokeByGrantId(grant) {
    for (const store of stores.values()) {
      for (const [id, { payload }] of store) if (payload.grantId === grant) store.delete(id);
    }
  }
}

// Every secret ever issued, in order: {kind, value, at}.
const issued = [];
// Every request to the token endpoint: {grant_type, status, error, at}, and when it was received,
// committed (the rotation is done) and answered (the answer is handed over to be sent).
const requests = [];
const waiting = [];
let hold = false;
let refusal = null;
// Before the work and before the answer.
let delays = { think_ms: 0, answer_ms: 0 };
// How many of the next answers are cut in the middle.
let cuts = 0;
// Who is killed when: {pid, event, after_ms}, once; and when that was done.
let execution = null;
let executed_at = null;

const server = http.createServer();
await new Promise((done) => server.listen(port, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

// With signs that every encoding writes in its own way.
const CLIENT_SECRET = 'the/client+secret=of&the tests%';
const client = {
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/', 'http://127.0.0.1/callback', 'http://localhost/callback'],
  grant_types: [
    'authorization_code',
    'refresh_token',
    'urn:ietf:params:oauth:grant-type:device_code',
  ],
  response_types: ['code'],
};
const provider = new Provider(issuer, {
  adapter: Memory,
  clients: [
    { ...client, client_id: 'tokentray', token_endpoint_auth_method: 'none' },
    { ...client, client_id: 'tokentray-secret', client_secret: CLIENT_SECRET },
  ],
  cookies: { keys: ['tests'] },
  features: {
    devInteractions: { enabled: true },
    deviceFlow: { enabled: true },
    revocation: { enabled: true },
    introspection: { enabled: true },
  },
  issueRefreshToken: async (_ctx, asking) => asking.grantTypeAllowed('refresh_token'),
  pkce: { required: () => true },
  rotateRefreshToken: options.rotate ?? true,
  scopes: ['openid', 'offline_access', 'email', 'profile'],
  ttl: {
    AccessToken: lifetime,
    AuthorizationCode: 60,
    DeviceCode: 300,
    Grant: 14 * 86400,
    IdToken: 3600,
    Interaction: 3600,
    RefreshToken: 14 * 86400,
    Session: 14 * 86400,
  },
});
provider.on('authorization_code.saved', ({ jti }) => note('authorization_code', jti));
provider.on('device_code.saved', ({ jti }) => note('device_code', jti));
provider.on('server_error', (_ctx, error) => console.error(error));

function note(kind, value) {
  if (value) issued.push({ kind, value, at: Date.now() });
}

const pause = (ms) => new Promise((done) => (ms > 0 ? setTimeout(done, ms) : done()));

// Timers are good to a millisecond only; the rest is spent in the event loop.
function executeIf(event) {
  if (execution?.event !== event) return;
  const { pid, after_ms } = execution;
  execution = null;
  const due = now() + after_ms;
  const look = () => {
    if (now() < due) return setImmediate(look);
    executed_at = now();
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      console.error(`not killed: ${error.message}`);
    }
  };
  setTimeout(look, Math.max(0, after_ms - 3));
}

provider.use(async (ctx, next) => {
  if (ctx.path !== '/token') return next();
  const at = Date.now();
  const request = { at, received_at: now(), committed_at: null, answered_at: null };
  requests.push(request);
  let left = false;
  ctx.res.on('close', () => {
    left = !ctx.res.writableFinished;
  });
  ctx.res.on('finish', () => {
    executeIf('answered');
  });
  executeIf('received');
  await pause(delays.think_ms);
  if (left) {
    Object.assign(request, { grant_type: null, status: 499, error: 'client hung up' });
    return undefined;
  }
  if (refusal) {
    ctx.status = refusal.status;
    ctx.set('cache-control', 'no-store');
    ctx.body = { error: refusal.error, error_description: refusal.error_description };
    if (--refusal.times <= 0) refusal = null;
  } else {
    await next();
  }
  const body = ctx.body ?? {};
  if (body.access_token) request.committed_at = now();
  Object.assign(request, {
    grant_type: ctx.oidc?.params?.grant_type ?? null,
    status: ctx.status,
    error: body.error ?? null,
  });
  executeIf('committed');
  note('code_verifier', ctx.oidc?.params?.code_verifier);
  note('access_token', body.access_token);
  note('refresh_token', body.refresh_token);
  note('id_token', body.id_token);
  if (body.refresh_token && cuts > 0) {
    cuts -= 1;
    const text = JSON.stringify(body);
    ctx.body = text.slice(0, text.indexOf(body.refresh_token) + 20);
    ctx.type = 'application/json';
  }
  await pause(delays.answer_ms);
  if (hold) await new Promise((release) => waiting.push(release));
  request.answered_at = now();
  return undefined;
});
server.on('request', provider.callback());

// The control port.
const orders = {
  'GET /state': () => ({
    issued,
    requests: requests.filter((request) => request.status),
    held: waiting.length,
  }),
  // Requests from number `from` on, finished or not, and when somebody was killed.
  'POST /log': ({ from }) => ({ requests: requests.slice(from), total: requests.length, executed_at }),
  'POST /delay': (order) => {
    delays = order;
    return {};
  },
  // Kills `pid` so long after the next request is received, committed or answered.
  'POST /execute': (order) => {
    execution = order.pid ? order : null;
    executed_at = null;
    return {};
  },
  // Whether this refresh token would still be taken.
  'POST /alive': ({ refresh_token }) => {
    const found = stores.get('RefreshToken')?.get(refresh_token);
    const granted = stores.get('Grant')?.has(found?.payload.grantId);
    const spent = found?.consumedAt && now() - found.consumedAt >= grace;
    return { alive: Boolean(found && granted && !spent) };
  },
  // Answers of the token endpoint wait from now on until `release`.
  'POST /hold': () => {
    hold = true;
    return {};
  },
  'POST /release': () => {
    hold = false;
    const released = waiting.splice(0);
    for (const release of released) release();
    return { released: released.length };
  },
  // The next `times` answers that bring a refresh token end in the middle of it.
  'POST /cut': ({ times }) => {
    cuts = times;
    return {};
  },
  // As an administrator who ends every grant; browser sessions end too.
  'POST /revoke': () => {
    for (const store of stores.values()) store.clear();
    return {};
  },
  // The next `times` requests are refused without being looked at; null ends it.
  'POST /refuse': (order) => {
    refusal = order.error
      ? {
          error: order.error,
          error_description: order.error_description,
          status: order.status ?? 400,
          times: order.times ?? Infinity,
        }
      : null;
    return {};
  },
};
const control = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const order = orders[`${request.method} ${request.url}`];
  const text = Buffer.concat(chunks).toString();
  const answer = order ? order(text ? JSON.parse(text) : {}) : { error: 'no such order' };
  response.writeHead(order ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer));
});
await new Promise((done) => control.listen(0, '127.0.0.1', done));
console.log(JSON.stringify({ issuer, control: control.address().port }));

// It ends with whoever holds its standard input.
process.stdin.on('end', () => process.exit(0)).resume();
