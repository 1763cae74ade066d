/** A text to be shown, without the user and password that a URL in it may carry. */
export const withoutCredentials = (text: string): string =>
  text.replace(/([a-z][a-z\d+.-]*:\/\/)[^\s/?#]*@(?=[^\s])/gi, '$1');
