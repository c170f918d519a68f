// What is known of why a provider ends a sign-in, and what would avoid it, in German, by the engine's
// own text. A test of the engine finds every text here; what is missing is left out, not said in
// another language.

export const germanReasons: Record<string, string> = {
  "Okta says the same of a refresh token that has expired, was revoked, or was used twice; as it comes, a grant ends when it was not used for 7 days.":
    "Okta sagt dasselbe, ob ein Refresh-Token abgelaufen ist, widerrufen oder zweimal benutzt wurde; von sich aus endet eine Anmeldung, wenn sie 7 Tage unbenutzt bleibt.",
  "Your organisation's administrator sees the reason in Okta's System Log, and can lengthen the time in the authorization server's access policy.":
    "Der Administrator Ihrer Organisation sieht den Grund im System Log von Okta und kann die Zeit in der Access Policy des Autorisierungsservers verlängern.",
  "The realm ends sessions after its idle and maximum times.":
    "Der Realm beendet Sitzungen nach seinen Zeiten für Untätigkeit und Höchstdauer.",
  "Ask for the scope `offline_access`, whose sessions have times of their own.":
    "Verlangen Sie den Scope `offline_access`; dessen Sitzungen haben eigene Zeiten.",
  "A Supabase session ends with a sign-out, a changed password, the project's own time limits, or, where the project allows one session only, a newer sign-in.":
    "Eine Sitzung bei Supabase endet durch Abmelden, ein neues Passwort, die Zeitgrenzen des Projekts oder, wo das Projekt nur eine Sitzung erlaubt, durch eine neuere Anmeldung.",
  "Your organisation asks for a new Google sign-in after some time.":
    "Ihre Organisation verlangt nach einiger Zeit eine neue Anmeldung bei Google.",
  "Your organisation's administrator can mark the app as trusted, or lengthen Google Cloud session control.":
    "Der Administrator Ihrer Organisation kann die App als vertrauenswürdig kennzeichnen oder die Sitzungsdauer für Google Cloud verlängern.",
  "Your organisation's administrator has restricted a service that the app asks for.":
    "Der Administrator Ihrer Organisation hat einen Dienst eingeschränkt, den die App verlangt.",
  "Only the administrator can allow it; signing in again would not help.":
    "Nur der Administrator kann das erlauben; eine neue Anmeldung würde nicht helfen.",
  "Google ends grants of apps in testing after 7 days, grants that were not used for 6 months or were given for a time only, the oldest of more than 100 and, where mail is concerned, all grants when the password is changed.":
    "Google beendet Anmeldungen bei Apps im Test nach 7 Tagen, solche, die 6 Monate unbenutzt blieben oder nur auf Zeit galten, die älteste von mehr als 100 und, wo es um E-Mail geht, alle, wenn das Passwort geändert wird.",
  "If this comes every 7 days: publish the app (“In production”) in the Google Cloud console.":
    "Kommt das alle 7 Tage, veröffentlichen Sie die App in der Google-Cloud-Konsole („In production“).",
  "Your organisation asks for a new sign-in after a set time.":
    "Ihre Organisation verlangt nach einer festen Zeit eine neue Anmeldung.",
  "Only your organisation's administrator can change that (sign-in frequency).":
    "Das kann nur der Administrator Ihrer Organisation ändern (Anmeldehäufigkeit).",
  "That happens when the password was changed, or when you or an administrator ended all sessions.":
    "Das geschieht, wenn das Passwort geändert wurde oder Sie oder ein Administrator alle Sitzungen beendet haben.",
  "The app is registered as a single-page app, whose grants end after 24 hours.":
    "Die App ist als Single-Page-App registriert; deren Anmeldungen enden nach 24 Stunden.",
  "Register it as a desktop app (“Mobile and desktop”) instead.":
    "Registrieren Sie sie stattdessen als Desktop-App („Mobile and desktop“).",
  "Microsoft ends grants that were not used for 90 days.":
    "Microsoft beendet Anmeldungen, die 90 Tage unbenutzt blieben.",
  "GitHub ends grants that were not used for 6 months, and each refresh token works once only.":
    "GitHub beendet Anmeldungen, die 6 Monate unbenutzt blieben, und jedes Refresh-Token gilt nur einmal.",
  "GitHub wants the primary email address of the account to be verified first.":
    "GitHub will erst die Haupt-E-Mail-Adresse des Kontos bestätigt haben.",
  "Verify it in GitHub's email settings; then this goes on by itself.":
    "Bestätigen Sie sie in den E-Mail-Einstellungen von GitHub; dann geht es von selbst weiter.",
  "Xero ends grants that were not used for 60 days, and a used refresh token after 30 minutes.":
    "Xero beendet Anmeldungen, die 60 Tage unbenutzt blieben, und ein benutztes Refresh-Token nach 30 Minuten.",
  "Intuit ends grants that were not used for 100 days, every grant after five years, and a refresh token 24 hours after it was replaced.":
    "Intuit beendet Anmeldungen, die 100 Tage unbenutzt blieben, jede nach fünf Jahren, und ein Refresh-Token 24 Stunden, nachdem es ersetzt wurde.",
  "Zoho gives one grant ten access tokens in ten minutes.":
    "Zoho gibt einer Anmeldung zehn Zugriffstoken in zehn Minuten.",
  "Zoho keeps 20 grants of a person and ends the oldest when one more is made.":
    "Zoho behält 20 Anmeldungen einer Person und beendet die älteste, wenn eine weitere dazukommt.",
  "If it comes again at once, check that the addresses are those of your data centre (.com, .eu, .in and so on).":
    "Kommt es sofort wieder, prüfen Sie, ob die Adressen zu Ihrem Rechenzentrum gehören (.com, .eu, .in und so weiter).",
  "Twitch ends grants when the app is disconnected in the account's settings, and those of apps without a secret after 30 days without use.":
    "Twitch beendet Anmeldungen, wenn die App in den Einstellungen des Kontos getrennt wird, und die von Apps ohne Geheimnis nach 30 Tagen ohne Benutzung.",
  "Spotify does this when the app is removed from the account, and when it makes somebody choose a new password.":
    "Spotify tut das, wenn die App aus dem Konto entfernt wird und wenn es jemanden ein neues Passwort wählen lässt.",
  "Google switched Fitbit's Web API and its sign-in off on 2 November 2026.":
    "Google hat die Web-API von Fitbit und ihre Anmeldung am 2. November 2026 abgeschaltet.",
  "Use an account at Google with the Google Health API instead.":
    "Nehmen Sie stattdessen ein Konto bei Google mit der Google Health API.",
  "Each refresh token of X works once only, and using one twice ends the whole grant.":
    "Jedes Refresh-Token von X gilt nur einmal; wird eines zweimal benutzt, endet die ganze Anmeldung.",
  "LinkedIn gives refresh tokens to approved partners only; without one a token lasts 60 days.":
    "LinkedIn gibt Refresh-Token nur zugelassenen Partnern; ohne eines hält ein Token 60 Tage.",
  "Bitbucket ends grants that were not used for three months.":
    "Bitbucket beendet Anmeldungen, die drei Monate unbenutzt blieben.",
  "Atlassian ends grants that were not used for 90 days, and every grant after a year.":
    "Atlassian beendet Anmeldungen, die 90 Tage unbenutzt blieben, und jede nach einem Jahr.",
  "Salesforce keeps five grants for each person and app: a sixth ends the oldest; and the app's refresh token policy may end them after a time.":
    "Salesforce behält fünf Anmeldungen je Person und App: Eine sechste beendet die älteste; und die Refresh-Token-Policy der App beendet sie vielleicht nach einer Zeit.",
  "Your Salesforce administrator can change the app's refresh token policy.":
    "Ihr Salesforce-Administrator kann die Refresh-Token-Policy der App ändern.",
  "Zoom takes the newest refresh token only; a newer sign-in of the same account and app elsewhere replaces it, too.":
    "Zoom nimmt nur das neueste Refresh-Token; auch eine neuere Anmeldung desselben Kontos mit derselben App anderswo ersetzt es.",
  "Give each program that uses this Zoom account an app of its own.":
    "Geben Sie jedem Programm, das dieses Zoom-Konto benutzt, eine eigene App.",
  "A Box refresh token works once and for 60 days; Box says that it has expired in both cases.":
    "Ein Refresh-Token von Box gilt einmal und 60 Tage lang; Box nennt es in beiden Fällen abgelaufen.",
  "Let only one program refresh this grant: a copy of it elsewhere makes the provider end both.":
    "Lassen Sie nur ein Programm diese Anmeldung erneuern: Durch eine Kopie anderswo beendet der Anbieter beide.",
  "Ask the provider for offline access (often the scope `offline_access`), so that it gives a refresh token.":
    "Verlangen Sie vom Anbieter Offline-Zugriff (oft der Scope `offline_access`), damit er ein Refresh-Token gibt.",
  "Where the provider lets you choose, register the app with a longer life of refresh tokens.":
    "Wo der Anbieter es zulässt, registrieren Sie die App mit einer längeren Lebensdauer der Refresh-Token.",
};
