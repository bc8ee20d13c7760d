/** The nodemailer transport that mails go out by. */
export const SMTP = Symbol('SMTP');
/** The `LocalMailServer`; null where mails go to a server of one's own. */
export const LOCAL_MAIL_SERVER = Symbol('LOCAL_MAIL_SERVER');
