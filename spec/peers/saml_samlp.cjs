// samlp of npm (Auth0's) as an identity provider: its own middleware, called with a request as express has it.
const { load, parameters, form, serve } = require('./saml_peer.cjs');
const samlp = load('samlp');

let config;

const user = (who) => ({
  id: who || 'ann@x.example',
  displayName: 'Ann Lee',
  name: { givenName: 'Ann', familyName: 'Lee' },
  emails: [{ value: who || 'ann@x.example' }],
  groups: ['Staff', 'Ämter & Co'],
});

// What a middleware answers: a page, or an address to go to.
function run(middleware, { query, body, session, originalUrl }) {
  return new Promise((resolve, reject) => {
    const request = {
      method: body ? 'POST' : 'GET',
      query: parameters(query),
      body: body || {},
      user: user(session && session.user),
      session: (session && session.state) || {},
      headers: { host: 'idp.example' },
      protocol: 'https',
      originalUrl: originalUrl || '/sso',
      url: originalUrl || '/sso',
    };
    let status = 200;
    const response = {
      set: () => response,
      status: (code) => ((status = code), response),
      redirect: (url) => resolve({ redirect: url }),
      send: (one, two) => {
        const page = two === undefined ? one : two;
        if (typeof one === 'number' || status !== 200) return resolve({ status: typeof one === 'number' ? one : status });
        resolve({ page: String(page) });
      },
    };
    middleware(request, response, (error) => (error ? reject(error) : resolve({})));
  });
}

function options(more) {
  const list = {
    issuer: config.issuer,
    key: config.key,
    cert: config.cert,
    getPostURL: (audience, request, _, done) => done(null, config.acs),
    destination: config.acs,
    recipient: config.acs,
    lifetimeInSeconds: 300,
    sessionIndex: '_samlp-session',
    authnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    nameIdentifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    ...more,
  };
  if (config.wantSigned) list.signingCert = config.spCert;
  return list;
}

// The session participants of one logout: our service provider.
function logout(more) {
  const participants = new (load('samlp/lib/sessionParticipants'))([
    {
      serviceProviderId: config.sp,
      nameId: 'ann@x.example',
      nameIdFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
      sessionIndex: '_samlp-session',
      serviceProviderLogoutURL: config.slo,
      cert: config.spCert,
    },
  ]);
  return samlp.logout({
    deflate: true,
    issuer: config.issuer,
    key: config.key,
    cert: config.cert,
    signatureAlgorithm: 'rsa-sha256',
    digestAlgorithm: 'sha256',
    protocolBinding: `urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${more.post ? 'POST' : 'Redirect'}`,
    sessionParticipants: participants,
    store: config.store,
    destination: config.slo,
    clearIdPSession: (done) => done(),
  });
}

// Transactions by a number, in memory.
function store() {
  const all = new Map();
  let last = 0;
  return {
    save: (request, state, done) => (all.set(String(++last), state), done(null, String(last))),
    load: (request, key, how, done) => {
      const value = all.get(key);
      if (how && how.destroy) all.delete(key);
      (done || how)(null, value);
    },
    update: (request, key, state, done) => (all.set(key, state), done(null, key)),
    destroy: (request, key, done) => (all.delete(key), done()),
  };
}

const answer = (result) => (result.page ? form(result.page) : result);

serve({
  configure: (given) => void (config = { ...given, store: store() }),
  metadata: async () =>
    (await run(samlp.metadata({
      issuer: config.issuer,
      cert: config.cert,
      redirectEndpointPath: '/sso',
      postEndpointPath: '/sso',
      logoutEndpointPaths: { redirect: '/slo', post: '/slo' },
    }), { originalUrl: '/FederationMetadata/2007-06/FederationMetadata.xml' })).page,
  sso: async ({ query, body, user: who, ...more }) => answer(await run(samlp.auth(options(more)), { query, body, session: { user: who } })),
  launch: async (more) => answer(await run(samlp.auth(options({ audience: config.sp, ...more })), {})),
  logout: async ({ query, body, post }) => answer(await run(logout({ post }), { query, body })),
});
