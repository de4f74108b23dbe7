// Keys go to the app as soon as it draws, without a click first. textual-serve's script then marks the body as "-first-byte".
new MutationObserver((_changes, watching) => {
  if (document.body.classList.contains("-first-byte")) {
    watching.disconnect();
    document.querySelector(".xterm-helper-textarea").focus();
  }
}).observe(document.body, { attributeFilter: ["class"] });
