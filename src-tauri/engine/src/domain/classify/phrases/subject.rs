//! Words for what a sentence speaks of.

/// What providers call the refresh token.
pub const REFRESH_TOKEN: &[&str] = &[
    " refresh token",
    " refreshtoken",
    " refresh jwt",
    " offline token",
    " renewal token",
    " aktualisierungstoken",
    " jeton d actualisation",
    " jeton dactualisation",
    " jeton de rafraîchissement",
    " token de actualización",
    " token de refresco",
    " token de atualização",
    " token di aggiornamento",
    " vernieuwingstoken",
    " токен обновления",
    " токен оновлення",
    " refresh токен",
    " refresh маркер",
    " маркер обновления",
    " токен odświeżania",
    " token odświeżania",
    " tokenu odświeżania",
    " token odświeżający",
    " yenileme jetonu",
    " yenileme belirteci",
    " obnovovací token",
    " uppdateringstoken",
    " opdateringstoken",
    " oppdateringstoken",
    " päivitystunnus",
    " frissítési token",
    " token penyegaran",
    " actualisierungstoken",
    " erneuerungstoken",
    " token de renovación",
    " token de rafraichissement",
    " token de renovação",
    " token di refresh",
    " token di rinnovo",
    "刷新 token",
    "刷新凭证",
    "刷新憑證",
    "リフレッシュ トークン",
    "리프레시토큰",
    " токена обновления",
    "刷新令牌",
    "更新令牌",
    "重新整理權杖",
    "更新トークン",
    "リフレッシュトークン",
    "새로 고침 토큰",
    "리프레시 토큰",
    "갱신 토큰",
];

/// Any token; which one, the words around it tell.
pub const TOKEN: &[&str] = &[" token ", " tokens ", " rt "];

pub const SESSION: &[&str] = &[
    " session",
    " sitzung",
    " sesión",
    " sessão",
    " sesja",
    " сессия",
    "会话",
    "會話",
    "登录信息",
    "登录状态",
    "登录已",
    "登录态",
    "登入已",
    "セッション",
    "세션",
];

pub const SCOPE: &[&str] = &[" scope"];

pub const PASSWORD: &[&str] = &[" password"];

/// An authorization code.
pub const CODE: &[&str] = &[
    " authorization code",
    " verification code",
    " auth code",
    " invalid code",
    " code already",
    " code is ",
    " code has ",
    " code expired",
    " code was ",
    " code not ",
];

pub const GRANT: &[&str] = &[
    " grant ",
    " grants ",
    " authorization ",
    " offline access",
    " user revoked",
    " user has revoked",
];

/// Of these, what is no grant.
pub const NO_GRANT: &[&str] = &[
    " grant type",
    " authorization header",
    " authorization server",
];

/// "Failed to refresh token" speaks of the act, not of the thing.
pub const ACT: &[&str] = &[
    " to refresh token",
    " to refresh the token",
    " to refresh access token",
    " to refresh the access token",
    " refreshing token",
    " refreshing the token",
    " refreshing access token",
    " cannot refresh token",
    " cannot refresh access token",
    " could not refresh token",
    " token refresh failed",
    " token refresh error",
];

/// How the sentences of RFC 6749 §5.2 begin (and their many variants).
pub const STANDARD: &[&str] = &[
    " provided authorization grant ",
    " authorization grant token or credentials ",
    " provided access grant ",
    " request is missing a required parameter ",
];

/// Where each of these ends.
pub const STANDARD_END: &[&str] = &[
    " to another client",
    " to another client",
    " revoked",
    " otherwise malformed",
];
