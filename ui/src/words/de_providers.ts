// What a provider's row says of registering and of its redirect, in German, by the engine's own
// text. A test of the engine finds every text here; what is missing is shown as the engine says it.

export const germanProviderTexts: Record<string, string> = {
  // What to register.
  "An OIDC app of type “Native” with the grants Refresh Token and Authorization Code; give its issuer URL":
    "Eine OIDC-App vom Typ „Native“ mit den Grants Refresh Token und Authorization Code; geben Sie ihre Issuer-Adresse an",
  "A “Native” application with the Refresh Token grant; give its issuer URL":
    "Eine „Native“-Anwendung mit dem Grant Refresh Token; geben Sie ihre Issuer-Adresse an",
  "A client in your realm with “Standard flow”; give the realm's issuer URL":
    "Ein Client in Ihrem Realm mit „Standard flow“; geben Sie die Issuer-Adresse des Realms an",
  "A “Native” application with the Refresh Token grant; give your instance's URL as issuer":
    "Eine „Native“-Anwendung mit dem Grant Refresh Token; geben Sie die Adresse Ihrer Instanz als Issuer an",
  "An OAuth2/OpenID provider with an application and the scope mapping `offline_access`; give its issuer URL":
    "Ein OAuth2/OpenID-Provider mit einer Anwendung und dem Scope-Mapping `offline_access`; geben Sie seine Issuer-Adresse an",
  "An OAuth 2.0 client with the grant `refresh_token` and the scope `offline_access`; give the issuer URL":
    "Ein OAuth-2.0-Client mit dem Grant `refresh_token` und dem Scope `offline_access`; geben Sie die Issuer-Adresse an",
  "A static client with `public: true`; give the issuer URL":
    "Ein statischer Client mit `public: true`; geben Sie die Issuer-Adresse an",
  "An app client in your user pool with the authorization code grant; give the pool's domain":
    "Ein App-Client in Ihrem User Pool mit dem Authorization Code Grant; geben Sie die Domain des Pools an",
  "A client made with the call `RegisterClient`, as AWS's own tools do by themselves":
    "Ein Client aus dem Aufruf `RegisterClient`, wie ihn AWS' eigene Werkzeuge von selbst machen",
  "An application with the Refresh Token grant; give the tenant's issuer URL":
    "Eine Anwendung mit dem Grant Refresh Token; geben Sie die Issuer-Adresse des Mandanten an",
  "An OAuth client in your project; give its endpoints":
    "Ein OAuth-Client in Ihrem Projekt; geben Sie seine Endpunkte an",
  "An OAuth client of type “Desktop app” in the Google Cloud console (for codes: “TVs and Limited Input devices”); set its consent screen to “In production”, or most grants end after 7 days":
    "Ein OAuth-Client vom Typ „Desktop-App“ in der Google-Cloud-Konsole (für Codes: „Fernseher und Geräte mit begrenzter Eingabe“); stellen Sie den Zustimmungsbildschirm auf „In Produktion“, sonst enden die meisten Anmeldungen nach 7 Tagen",
  "An app registration in the Microsoft Entra admin centre with the redirect http://localhost of a desktop app and no secret; for codes, switch on “Allow public client flows”":
    "Eine App-Registrierung im Microsoft Entra Admin Center mit der Rücksprungadresse http://localhost einer Desktop-App und ohne Geheimnis; für Codes schalten Sie „Öffentliche Clientflows zulassen“ ein",
  "An app registration in the Microsoft Entra admin centre whose account types include personal ones, with the redirect http://localhost of a desktop app and no secret; for codes, switch on “Allow public client flows”":
    "Eine App-Registrierung im Microsoft Entra Admin Center, deren Kontotypen persönliche einschließen, mit der Rücksprungadresse http://localhost einer Desktop-App und ohne Geheimnis; für Codes schalten Sie „Öffentliche Clientflows zulassen“ ein",
  "A GitHub App with a callback URL and user access tokens that expire (its default), and a client secret; for codes, switch on “Device flow” instead":
    "Eine GitHub App mit einer Callback-Adresse und ablaufenden User Access Tokens (die Vorgabe) und einem Client-Geheimnis; für Codes schalten Sie stattdessen „Device flow“ ein",
  "An app of type “Mobile or desktop app” in the Xero developer portal (no secret)":
    "Eine App vom Typ „Mobile or desktop app“ im Xero-Entwicklerportal (kein Geheimnis)",
  "An app on the Intuit developer portal; its development keys reach sandbox companies only":
    "Eine App im Intuit-Entwicklerportal; ihre Entwicklungsschlüssel erreichen nur Sandbox-Firmen",
  "A client in the Zoho API console; the addresses must be those of your data centre":
    "Ein Client in der Zoho-API-Konsole; die Adressen müssen die Ihres Rechenzentrums sein",
  "An application with its secret in the Discord developer portal":
    "Eine Anwendung mit ihrem Geheimnis im Discord-Entwicklerportal",
  "An application in the Twitch developer console; as a public one it needs no secret, but device codes":
    "Eine Anwendung in der Twitch-Entwicklerkonsole; als öffentliche braucht sie kein Geheimnis, aber Gerätecodes",
  "An app in the Spotify developer dashboard": "Eine App im Spotify-Entwickler-Dashboard",
  "Nothing any more: Fitbit's Web API and its sign-in were switched off on 2 November 2026; the Google Health API with a Google account replaces them":
    "Nichts mehr: Fitbits Web-API und ihre Anmeldung wurden am 2. November 2026 abgeschaltet; die Google Health API mit einem Google-Konto ersetzt sie",
  "An API application in your Strava settings (“My API Application”)":
    "Eine API-Anwendung in Ihren Strava-Einstellungen („My API Application“)",
  "An app of type “Native App” with OAuth 2.0 in the X developer console (no secret)":
    "Eine App vom Typ „Native App“ mit OAuth 2.0 in der X-Entwicklerkonsole (kein Geheimnis)",
  "An application in your GitLab user settings, not confidential":
    "Eine Anwendung in Ihren GitLab-Benutzereinstellungen, nicht vertraulich",
  "An OAuth consumer in the workspace settings (its permissions are the scopes)":
    "Ein OAuth-Consumer in den Workspace-Einstellungen (seine Berechtigungen sind die Scopes)",
  "An OAuth 2.0 (3LO) integration in the Atlassian developer console":
    "Eine OAuth-2.0-Integration (3LO) in der Atlassian-Entwicklerkonsole",
  "A Slack app with token rotation and PKCE switched on; its scopes go into the parameter `user_scope`":
    "Eine Slack-App mit eingeschalteter Token-Rotation und PKCE; ihre Scopes gehören in den Parameter `user_scope`",
  "An external client app with the scope `refresh_token` and PKCE":
    "Eine External Client App mit dem Scope `refresh_token` und PKCE",
  "A “General app” in the Zoom app marketplace": "Eine „General app“ im Zoom App Marketplace",
  "A scoped app in the Dropbox app console": "Eine App mit Scopes in der Dropbox-App-Konsole",
  "A platform app with OAuth 2.0 user authentication in the Box developer console":
    "Eine Plattform-App mit OAuth-2.0-Benutzeranmeldung in der Box-Entwicklerkonsole",
  "An OAuth application in the workspace's API settings":
    "Eine OAuth-Anwendung in den API-Einstellungen des Workspace",
  "A public integration in Notion's integration settings":
    "Eine öffentliche Integration in Notions Integrationseinstellungen",
  "An OAuth app at figma.com/developers/apps": "Eine OAuth-App auf figma.com/developers/apps",
  "An app in Asana's developer console": "Eine App in Asanas Entwicklerkonsole",
  "An app in a HubSpot developer account; a super admin must install it":
    "Eine App in einem HubSpot-Entwicklerkonto; ein Super-Admin muss sie installieren",
  "An app in the LinkedIn developer portal for which LinkedIn has switched on PKCE for native clients (ask your contact there); refresh tokens are for approved partners only":
    "Eine App im LinkedIn-Entwicklerportal, für die LinkedIn PKCE für native Clients eingeschaltet hat (fragen Sie Ihren Ansprechpartner dort); Refresh-Tokens gibt es nur für zugelassene Partner",

  // Where the browser may come back to.
  "A local port that the program chooses": "Ein lokaler Port, den das Programm wählt",
  "As registered, or by a pattern that the administrator registers":
    "Wie registriert, oder nach einem Muster, das der Administrator registriert",
  "As registered, where the address may end in `*`":
    "Wie registriert, wobei die Adresse auf `*` enden darf",
  "Exactly as registered": "Genau wie registriert",
  "Exactly as registered; only for OAuth apps may the port of http://127.0.0.1 differ":
    "Genau wie registriert; nur bei OAuth-Apps darf der Port von http://127.0.0.1 abweichen",
  "http://127.0.0.1 or http://[::1] with any port":
    "http://127.0.0.1 oder http://[::1] mit beliebigem Port",
  "http://127.0.0.1 or http://[::1], registered without a port, with any port (localhost is refused)":
    "http://127.0.0.1 oder http://[::1], ohne Port registriert, mit beliebigem Port (localhost wird abgelehnt)",
  "http://127.0.0.1 or http://localhost with any port":
    "http://127.0.0.1 oder http://localhost mit beliebigem Port",
  "http://127.0.0.1 with any port": "http://127.0.0.1 mit beliebigem Port",
  "http://127.0.0.1, exactly as registered (not localhost)":
    "http://127.0.0.1, genau wie registriert (nicht localhost)",
  "http://localhost exactly as registered, with the development keys of a sandbox only; production keys want https":
    "http://localhost genau wie registriert, nur mit den Entwicklungsschlüsseln einer Sandbox; Produktivschlüssel verlangen https",
  "http://localhost exactly as registered, without wildcards, and only for mobile or desktop apps":
    "http://localhost genau wie registriert, ohne Platzhalter, und nur für Mobil- oder Desktop-Apps",
  "http://localhost or http://127.0.0.1 with any port, for public clients without redirects of their own":
    "http://localhost oder http://127.0.0.1 mit beliebigem Port, für öffentliche Clients ohne eigene Rücksprungadressen",
  "http://localhost or http://127.0.0.1 with any port, whatever callback domain is registered":
    "http://localhost oder http://127.0.0.1 mit beliebigem Port, gleich welche Callback-Domain registriert ist",
  "http://localhost or http://127.0.0.1 with any port; the rest as registered":
    "http://localhost oder http://127.0.0.1 mit beliebigem Port; der Rest wie registriert",
  "http://localhost with any port, the path as registered (127.0.0.1 only through the app's manifest)":
    "http://localhost mit beliebigem Port, der Pfad wie registriert (127.0.0.1 nur über das Manifest der App)",
  "http://localhost, as registered": "http://localhost, wie registriert",
  "http://localhost, as registered, for testing": "http://localhost, wie registriert, zum Testen",
  "http://localhost, exactly as registered": "http://localhost, genau wie registriert",
  "http://localhost, for apps with PKCE switched on and user scopes only":
    "http://localhost, für Apps mit eingeschaltetem PKCE und nur Benutzer-Scopes",
  "http://localhost, http://127.0.0.1 or http://[::1] with any port, for native apps":
    "http://localhost, http://127.0.0.1 oder http://[::1] mit beliebigem Port, für native Apps",

  // Why an account of it cannot be added.
  "AWS IAM Identity Center speaks a protocol of its own (CreateToken) that Tokentray does not speak; use AWS's own tools for it":
    "AWS IAM Identity Center spricht ein eigenes Protokoll (CreateToken), das Tokentray nicht spricht; nehmen Sie dafür die Werkzeuge von AWS",
};
