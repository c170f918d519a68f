// A certified OpenID provider on loopback for the tests: npm's `oidc-provider`, unchanged, with
// short tokens that rotate, and a second port on which a test asks what was issued and orders
// misbehaviour. Prints one line of JSON with both addresses when it listens.
//
// Surprising: a held answer is held *after* the provider did its work, so the token is rotated
// already while the client still waits, as on a slow network.

import http from 'node:http';
import { Provider } from 'oidc-provider';

const options = JSON.parse(process.argv[2] ?? '{}');
const lifetime = options.access_token_seconds ?? 20;
const port = options.port ?? 0;

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
    return found && found.ends > Date.now() ? found.payload : undefined;
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
    this.store.get(id).payload.consumed = Math.floor(Date.now() / 1000);
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
// Every request to the token endpoint: {grant_type, status, error, at}.
const requests = [];
const waiting = [];
let hold = false;
let refusal = null;

const server = http.createServer();
await new Promise((done) => server.listen(port, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

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
    { ...client, client_id: 'tokentray-secret', client_secret: 'the-client-secret-of-the-tests' },
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

provider.use(async (ctx, next) => {
  if (ctx.path !== '/token') return next();
  const at = Date.now();
  if (refusal) {
    ctx.status = refusal.status;
    ctx.set('cache-control', 'no-store');
    ctx.body = { error: refusal.error, error_description: refusal.error_description };
    if (--refusal.times <= 0) refusal = null;
  } else {
    await next();
  }
  const body = ctx.body ?? {};
  requests.push({
    grant_type: ctx.oidc?.params?.grant_type ?? null,
    status: ctx.status,
    error: body.error ?? null,
    at,
  });
  note('access_token', body.access_token);
  note('refresh_token', body.refresh_token);
  note('id_token', body.id_token);
  if (hold) await new Promise((release) => waiting.push(release));
  return undefined;
});
server.on('request', provider.callback());

// The control port.
const orders = {
  'GET /state': () => ({ issued, requests, held: waiting.length }),
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
