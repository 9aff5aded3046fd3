// Run in a frame: hide the still picture that stands before the frame, and let the frame be as high as the page.
"use strict";
(function () {
  const frame = window.frameElement;
  if (!frame) return;
  const page = document.querySelector(".sg-page");
  const still = frame.parentNode.querySelector(".sg-still");
  if (still) still.style.display = "none";
  const fit = () => { frame.style.height = Math.ceil(page.getBoundingClientRect().height) + "px"; };
  new ResizeObserver(fit).observe(page);
  fit();
})();
