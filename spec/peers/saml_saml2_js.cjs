// saml2-js of npm (Clever's) as a service provider.
const { load, parameters, query: queryOf, serve } = require('./saml_peer.cjs');
const saml2 = load('saml2-js');

let sp, idp;

const call = (method, ...more) =>
  new Promise((resolve, reject) =>
    sp[method](idp, ...more, (error, ...results) => (error ? reject(error) : resolve(results))));

serve({
  configure: (given) => {
    sp = new saml2.ServiceProvider({
      entity_id: given.sp,
      private_key: given.key,
      certificate: given.own_cert,
      assert_endpoint: given.acs,
      notbefore_skew: 60,
      nameid_format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
      sign_get_request: !!given.sign,
      force_authn: !!given.force,
      allow_unencrypted_assertion: !given.encrypted,
    });
    idp = new saml2.IdentityProvider({
      sso_login_url: given.sso,
      sso_logout_url: given.slo,
      certificates: [].concat(given.cert),
    });
  },
  metadata: () => sp.create_metadata(),
  login: async ({ relay }) => {
    const [url, id] = await call('create_login_request_url', { relay_state: relay });
    return { redirect: url, query: queryOf(url), id };
  },
  consume: async ({ form }) => (await call('post_assert', { request_body: form }))[0],
  logout: async ({ user, session, relay }) => {
    const [url] = await call('create_logout_request_url', { name_id: user, session_index: session, relay_state: relay });
    return { redirect: url, query: queryOf(url) };
  },
  read_redirect: async ({ query }) => (await call('redirect_assert', { request_body: parameters(query) }))[0],
  read_request: async ({ form }) => (await call('post_assert', { request_body: form }))[0],
  answer_logout: async ({ request, relay }) => {
    const [url] = await call('create_logout_response_url', { in_response_to: request, relay_state: relay });
    return { redirect: url, query: queryOf(url) };
  },
});
