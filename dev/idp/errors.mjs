// Entra's errors: what each code says, which OAuth error it travels as, and where it is shown.

import { randomUUID } from 'node:crypto';

/**
 * error: OAuth error word; status: HTTP status of the JSON answer; page: never returns to the
 * application but stays on the identity provider's own page; text: a function of the details.
 */
const entry = (error, status, text, more = {}) => ({ error, status, text, ...more });
const quote = (value) => `'${value ?? ''}'`;
const PAGE = { page: true };
const BASIC = { suberror: 'basic_action' };

export const catalogue = {
  16000: entry('interaction_required', 400, () => 'Either multiple user identities are available for the current request or selected account is not supported for the scenario.'),
  28000: entry('invalid_request', 400, () => 'Provided value for the input parameter scope is not valid because it contains more than one resource. Scope is not valid.'),
  28003: entry('invalid_request', 400, () => 'Provided value for the input parameter scope cannot be empty when requesting an access token using the provided authorization code. Please specify a valid scope.'),
  50011: entry('invalid_request', 400, (d) => `The redirect URI ${quote(d.redirectUri)} specified in the request does not match the redirect URIs configured for the application ${quote(d.clientId)}. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal.`, PAGE),
  50020: entry('invalid_request', 400, (d) => `User account ${quote(d.upn)} from identity provider ${quote(d.provider)} does not exist in tenant ${quote(d.tenantName)} and cannot access the application ${quote(d.clientId)}(${d.appName}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.`, PAGE),
  50034: entry('invalid_grant', 400, (d) => `The user account ${d.upn ?? ''} does not exist in the ${d.tenantName ?? ''} directory. To sign into this application, the account must be added to the directory.`, PAGE),
  50053: entry('invalid_grant', 400, () => "You've tried to sign in too many times with an incorrect user ID or password.", PAGE),
  50055: entry('invalid_grant', 400, () => 'The password is expired.', { suberror: 'user_password_expired' }),
  50057: entry('invalid_grant', 400, () => 'The user account is disabled.'),
  50058: entry('login_required', 400, () => 'A silent sign-in request was sent but no user is signed in.'),
  50074: entry('interaction_required', 400, () => 'Strong Authentication is required.', BASIC),
  50076: entry('invalid_grant', 400, (d) => `Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access ${quote(d.resource)}.`, BASIC),
  50078: entry('invalid_grant', 400, (d) => `Presented multi-factor authentication has expired due to policies configured by your administrator, you must refresh your multi-factor authentication to access ${quote(d.resource)}.`, BASIC),
  50079: entry('invalid_grant', 400, (d) => `Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access ${quote(d.resource)}.`, BASIC),
  50089: entry('invalid_grant', 400, () => 'Authentication failed due to flow token expired.'),
  50105: entry('access_denied', 400, (d) => `Your administrator has configured the application ${d.appName ?? ''} (${quote(d.clientId)}) to block users unless they are specifically granted ('assigned') access to the application. The signed in user ${quote(d.upn)} is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator.`, PAGE),
  50126: entry('invalid_grant', 400, () => 'Error validating credentials due to invalid username or password.'),
  50132: entry('invalid_grant', 400, () => 'The credentials have been revoked due to the following reasons: the user or administrator revoked the tokens for this user.'),
  50133: entry('invalid_grant', 400, () => 'The session is not valid due to password expiration or recent password change.'),
  50158: entry('interaction_required', 400, () => 'External security challenge was not satisfied.', BASIC),
  50173: entry('invalid_grant', 400, (d) => `The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on ${quote(d.issued)} and the TokensValidFrom date (before which tokens are not valid) for this user is ${quote(d.validFrom)}.`, { suberror: 'bad_token' }),
  50194: entry('invalid_request', 400, (d) => `Application ${quote(d.clientId)}(${d.appName}) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.`, PAGE),
  50196: entry('invalid_grant', 400, () => 'The server terminated an operation because it encountered a client request loop. Please contact your app vendor.'),
  53000: entry('access_denied', 400, () => 'Device is not in required device state. Conditional Access policy requires a compliant device, and the device is not compliant.', { ...PAGE, suberror: 'message_only' }),
  53001: entry('access_denied', 400, () => 'Device is not in required device state. Conditional Access policy requires a domain joined device, and the device is not domain joined.', PAGE),
  53002: entry('access_denied', 400, () => 'Application used is not an approved application for conditional access.', PAGE),
  53003: entry('access_denied', 400, () => 'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.', { ...PAGE, jsonError: 'invalid_grant', suberror: 'message_only' }),
  530034: entry('access_denied', 400, () => 'A delegated administrator was blocked from accessing the tenant due to account risk in their home tenant.', PAGE),
  54005: entry('invalid_grant', 400, () => 'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.'),
  500011: entry('invalid_resource', 400, (d) => `The resource principal named ${d.resource} was not found in the tenant named ${d.tenantName}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`),
  500112: entry('invalid_client', 400, (d) => `The reply address ${quote(d.redirectUri)} does not match the reply address ${quote(d.expected)} provided when requesting Authorization code.`),
  500208: entry('invalid_request', 400, () => 'The domain is not a valid login domain for the account type.', PAGE),
  501481: entry('invalid_grant', 400, () => 'The Code_Verifier does not match the code_challenge supplied in the authorization request.'),
  65001: entry('invalid_grant', 400, (d) => `The user or administrator has not consented to use the application with ID ${quote(d.clientId)} named ${quote(d.appName)}. Send an interactive authorization request for this user and resource.`, { suberror: 'consent_required', redirectError: 'interaction_required' }),
  65004: entry('access_denied', 400, () => 'User declined to consent to access the app.', { subcode: 'cancel' }),
  650053: entry('invalid_client', 400, (d) => `The application ${quote(d.appName)} asked for scope ${quote(d.scope)} that doesn't exist on the resource ${quote(d.resource)}. Contact the app vendor.`),
  70000: entry('invalid_grant', 400, () => 'The request was denied because one or more scopes requested are unauthorized or expired. The user must first sign in and grant the client application access to the requested scope.'),
  70008: entry('invalid_grant', 400, (d) => `The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.${d.issued ? ` The token was issued on ${d.issued}.` : ''}`),
  70011: entry('invalid_scope', 400, (d) => `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. ${d.detail ?? `The scope ${d.scope ?? ''} is not valid.`}`),
  70043: entry('invalid_grant', 400, () => 'The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.', { suberror: 'bad_token' }),
  700003: entry('invalid_grant', 400, () => 'Device object was not found in the tenant directory.'),
  700005: entry('invalid_grant', 400, (d) => `The provided authorization code is intended to use against other tenant, thus rejected. Code tenant: ${d.codeTenant ?? ''}.`),
  700016: entry('unauthorized_client', 400, (d) => `Application with identifier ${quote(d.clientId)} was not found in the directory ${quote(d.tenantName)}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`, PAGE),
  700025: entry('invalid_client', 401, () => "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."),
  700082: entry('invalid_grant', 400, (d) => `The refresh token has expired due to inactivity. The token was issued on ${d.issued ?? ''} and was inactive for 90.00:00:00.`),
  700084: entry('invalid_grant', 400, (d) => `The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which can't be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on ${d.issued ?? ''}.`),
  7000215: entry('invalid_client', 401, (d) => `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app ${quote(d.clientId)}.`),
  7000218: entry('invalid_client', 401, () => "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
  7000222: entry('invalid_client', 401, (d) => `The provided client secret keys for app ${quote(d.clientId)} are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.`),
  90002: entry('invalid_request', 400, (d) => `Tenant ${quote(d.tenantName)} not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`, PAGE),
  90006: entry('server_error', 503, () => 'The service is temporarily unable to process your request. Please retry.'),
  90009: entry('invalid_request', 400, () => "The application is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier.", PAGE),
  90023: entry('invalid_request', 400, (d) => `Unsupported ${quote(d.parameter)} value.`),
  90024: entry('temporarily_unavailable', 503, () => 'The request budget has been exceeded. Please retry after some time.'),
  90055: entry('temporarily_unavailable', 429, () => 'The tenant is throttled: too many requests. Please retry after some time.'),
  90094: entry('access_denied', 400, (d) => `${d.appName ?? 'The application'} needs permission to access resources in your organization that only an admin can grant. Please ask an admin to grant permission to this app before you can use it.`, { approval: true }),
  90095: entry('access_denied', 400, () => 'Admin consent is required for the permissions requested by this application. An admin consent request may be sent to the admin.', { approval: true }),
  900023: entry('invalid_request', 400, (d) => `Specified tenant identifier ${quote(d.tenantName)} is neither a valid DNS name, nor a valid external domain.`, PAGE),
  900144: entry('invalid_request', 400, (d) => `The request body must contain the following parameter: ${quote(d.parameter)}.`),
  900561: entry('invalid_request', 405, (d) => `The endpoint only accepts POST, OPTIONS requests. Received a ${d.method} request.`),
  900971: entry('invalid_request', 400, () => 'No reply address provided.', PAGE),
  9002313: entry('invalid_grant', 400, () => 'Invalid request. Request is malformed or invalid.'),
  9002331: entry('invalid_request', 400, (d) => `Application ${quote(d.clientId)}(${d.appName}) is configured for use by Microsoft Account users only. Please use the /consumers endpoint to serve this request.`, PAGE),
  9002332: entry('invalid_request', 400, (d) => `Application ${quote(d.clientId)}(${d.appName}) is configured for use by Azure Active Directory users only. Please do not use the /consumers endpoint to serve this request.`, PAGE),
  70003: entry('unsupported_grant_type', 400, (d) => `The provided value for the input parameter 'grant_type' is not valid. Got ${quote(d.grant)}.`),
  700009: entry('unsupported_response_type', 400, (d) => `The provided value ${quote(d.value)} for the input parameter 'response_type' is not allowed for this client.`),
};

/** An error of Entra's, thrown anywhere and turned into a page, a redirect or JSON at the edge. */
export class AadError extends Error {
  constructor(code, details = {}) {
    const known = catalogue[code];
    if (known === undefined) throw new TypeError(`AADSTS${code} is not in the catalogue`);
    super(`AADSTS${code}: ${details.text ?? known.text(details)}`);
    this.code = code;
    this.known = known;
    this.retryAfter = details.retryAfter;
  }
}

/** UTC time as Entra writes it: "2026-11-21 10:27:44Z". */
export function entraTime(milliseconds) {
  return new Date(milliseconds).toISOString().replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

/** The identifiers that Entra attaches to every error. */
export function errorIds(now, correlation) {
  return { timestamp: entraTime(now), trace_id: randomUUID(), correlation_id: correlation || randomUUID() };
}

export function describe(error, ids) {
  return `${error.message} Trace ID: ${ids.trace_id} Correlation ID: ${ids.correlation_id} Timestamp: ${ids.timestamp}`;
}

/** The JSON body of the token endpoint. */
export function errorBody(error, ids) {
  const body = {
    error: error.known.jsonError ?? error.known.error,
    error_description: describe(error, ids),
    error_codes: [error.code],
    ...ids,
    error_uri: `https://login.microsoftonline.com/error?code=${error.code}`,
  };
  if (error.known.suberror) body.suberror = error.known.suberror;
  return body;
}
