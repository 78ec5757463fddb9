// @node-saml/node-saml of npm as a service provider, and as a second opinion about responses.
const { load, parameters, query: queryOf, form, serve } = require('./saml_peer.cjs');
const { SAML } = load('@node-saml/node-saml');

let saml, config;

function options(given) {
  const list = {
    issuer: given.sp,
    callbackUrl: given.acs,
    entryPoint: given.sso,
    logoutUrl: given.slo,
    logoutCallbackUrl: given.own_slo,
    idpIssuer: given.issuer,
    idpCert: given.cert,
    audience: given.sp,
    acceptedClockSkewMs: 60000,
    identifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    disableRequestedAuthnContext: true,
    validateInResponseTo: given.in_response_to || 'ifPresent',
    wantAssertionsSigned: !!given.assertions_signed,
    wantAuthnResponseSigned: !!given.response_signed,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    authnRequestBinding: given.post ? 'HTTP-POST' : undefined,
    skipRequestCompression: !!given.post, // it deflates what it posts, otherwise
    forceAuthn: !!given.force,
  };
  if (given.key) {
    list.decryptionPvk = given.key;
    if (given.sign) list.privateKey = given.key;
  }
  return list;
}

const profile = (result) => ({
  logged_out: result.loggedOut,
  profile: result.profile && JSON.parse(JSON.stringify(result.profile)),
});

serve({
  configure: (given) => {
    config = given;
    saml = new SAML(options(given));
  },
  metadata: () => saml.generateServiceProviderMetadata(config.own_cert, config.sign ? config.own_cert : null),
  login: async ({ relay }) => {
    if (config.post) return form(await saml.getAuthorizeFormAsync(relay || ''));
    const url = await saml.getAuthorizeUrlAsync(relay || '', undefined, {});
    return { redirect: url, query: queryOf(url) };
  },
  consume: async ({ form: body }) => profile(await saml.validatePostResponseAsync(body)),
  logout: async ({ user, relay }) => {
    const url = await saml.getLogoutUrlAsync(user, relay || '', {});
    return { redirect: url, query: queryOf(url) };
  },
  read_redirect: async ({ query }) => profile(await saml.validateRedirectAsync(parameters(query), query)),
  read_request: async ({ form: body }) => profile(await saml.validatePostRequestAsync(body)),
  answer_logout: async ({ request, relay }) => {
    const url = await saml.getLogoutResponseUrlAsync(request, relay || '', {}, true);
    return { redirect: url, query: queryOf(url) };
  },
  // Responses one after another, each with the certificates it ought to be signed by.
  judge: async ({ list }) => {
    const results = [];
    for (const one of list) {
      const judge = new SAML(options({ ...config, ...one }));
      if (one.request) await judge.cacheProvider.saveAsync(one.request, new Date().toISOString());
      try {
        const { profile: found } = await judge.validatePostResponseAsync({ SAMLResponse: one.response });
        results.push({ name_id: found.nameID });
      } catch (error) {
        results.push({ error: String(error.message || error) });
      }
    }
    return results;
  },
});
