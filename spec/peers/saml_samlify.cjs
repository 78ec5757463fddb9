// samlify of npm as an identity provider: made of its settings and of our metadata.
const { load, parameters, query: queryOf, serve } = require('./saml_peer.cjs');
const samlify = load('samlify');

samlify.setSchemaValidator({ validate: () => Promise.resolve('valid') }); // it asks for one, and has none

let idp, sp, config;

const TEMPLATE = {
  context:
    '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ' +
    'ID="{ID}" Version="2.0" IssueInstant="{IssueInstant}" Destination="{Destination}" InResponseTo="{InResponseTo}">' +
    '<saml:Issuer>{Issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="{StatusCode}"/></samlp:Status>' +
    '<saml:Assertion xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" ' +
    'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{AssertionID}" Version="2.0" IssueInstant="{IssueInstant}">' +
    '<saml:Issuer>{Issuer}</saml:Issuer><saml:Subject><saml:NameID Format="{NameIDFormat}">{NameID}</saml:NameID>' +
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData ' +
    'NotOnOrAfter="{SubjectConfirmationDataNotOnOrAfter}" Recipient="{SubjectRecipient}" InResponseTo="{InResponseTo}"/>' +
    '</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{ConditionsNotBefore}" ' +
    'NotOnOrAfter="{ConditionsNotOnOrAfter}"><saml:AudienceRestriction><saml:Audience>{Audience}</saml:Audience>' +
    '</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{IssueInstant}" ' +
    'SessionIndex="_samlify-session"><saml:AuthnContext><saml:AuthnContextClassRef>' +
    'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext>' +
    '</saml:AuthnStatement>{AttributeStatement}</saml:Assertion></samlp:Response>',
  attributes: [
    {
      name: 'mail',
      valueTag: 'user.mail',
      nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
      valueXsiType: 'xs:string',
    },
  ],
};

const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const BINDING = 'urn:oasis:names:tc:SAML:2.0:bindings:';

function configure(given) {
  config = given;
  idp = samlify.IdentityProvider({
    entityID: config.issuer,
    privateKey: config.key,
    signingCert: config.cert,
    isAssertionEncrypted: !!config.encrypt,
    dataEncryptionAlgorithm: config.encryption || 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
    keyEncryptionAlgorithm: config.transport || 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
    requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    wantAuthnRequestsSigned: !!config.wantSigned,
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
    messageSigningOrder: 'sign-then-encrypt',
    nameIDFormat: [EMAIL],
    singleSignOnService: [
      { Binding: BINDING + 'HTTP-Redirect', Location: 'https://idp.example/sso' },
      { Binding: BINDING + 'HTTP-POST', Location: 'https://idp.example/sso' },
    ],
    singleLogoutService: [
      { Binding: BINDING + 'HTTP-Redirect', Location: 'https://idp.example/slo' },
      { Binding: BINDING + 'HTTP-POST', Location: 'https://idp.example/slo' },
    ],
    loginResponseTemplate: TEMPLATE,
  });
  sp = samlify.ServiceProvider({
    metadata: config.metadata,
    wantMessageSigned: !!config.signResponse,
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
  });
}

const later = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();

function values(id, request, who) {
  const acs = sp.entityMeta.getAssertionConsumerService('post');
  return {
    ID: id,
    AssertionID: '_' + id.slice(1) + 'a',
    Destination: acs,
    Audience: sp.entityMeta.getEntityID(),
    SubjectRecipient: acs,
    Issuer: config.issuer,
    IssueInstant: later(0),
    StatusCode: 'urn:oasis:names:tc:SAML:2.0:status:Success',
    ConditionsNotBefore: later(-5),
    ConditionsNotOnOrAfter: later(300),
    SubjectConfirmationDataNotOnOrAfter: later(300),
    NameIDFormat: EMAIL,
    NameID: who,
    InResponseTo: request, // undefined leaves the attribute out
    attrUserMail: who,
  };
}

async function respond(info, { user, own, encryptThenSign }) {
  const who = user || 'ann@x.example';
  const id = '_' + require('crypto').randomBytes(16).toString('hex');
  const request = info.extract && info.extract.request && info.extract.request.id;
  const replace = (template) => ({
    id,
    context: samlify.SamlLib.replaceTagsByValue(template, values(id, request, who)),
  });
  const { context, entityEndpoint } = await idp.createLoginResponse(
    sp, info, 'post', { email: who }, own ? undefined : replace, !!encryptThenSign);
  return { url: entityEndpoint, form: { SAMLResponse: context } };
}

const octets = (query) => query.replace(/&Signature=.*$/, '');
const envelope = ({ query, body }) =>
  body ? ['post', { body }] : ['redirect', { query: parameters(query), octetString: octets(query) }];

const message = (binding, { context, entityEndpoint, type, relayState }) =>
  binding === 'redirect'
    ? { redirect: context, query: queryOf(context) }
    : { url: entityEndpoint, form: { [type]: context, ...(relayState ? { RelayState: relayState } : {}) } };

serve({
  configure,
  metadata: () => idp.getMetadata(),
  sso: async (given) => {
    const [binding, request] = envelope(given);
    return respond(await idp.parseLoginRequest(sp, binding, request), given);
  },
  launch: (given) => respond({ extract: {} }, given),
  logout_request: async ({ binding, user, relay }) =>
    message(binding, idp.createLogoutRequest(
      sp, binding, { logoutNameID: user || 'ann@x.example', sessionIndex: '_samlify-session' }, { relayState: relay || '' })),
  read_logout_request: async (given) => {
    const [binding, request] = envelope(given);
    const info = await idp.parseLogoutRequest(sp, binding, request);
    const answer = message(given.answer || binding, idp.createLogoutResponse(
      sp, info, given.answer || binding, { relayState: given.relay || '' }));
    return { ...answer, name_id: info.extract.nameID, request: info.extract.request };
  },
  read_logout_response: async (given) => {
    const [binding, request] = envelope(given);
    return (await idp.parseLogoutResponse(sp, binding, request)).extract.response;
  },
});
