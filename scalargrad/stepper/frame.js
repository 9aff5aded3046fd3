// Run in a frame: hide the still picture that stands before the frame, and let the frame be as high as the player.
"use strict";
(function () {
  const frame = window.frameElement;
  if (!frame) return;
  const player = document.querySelector(".sg-player");
  const still = frame.parentNode.querySelector(".sg-still");
  if (still) still.style.display = "none";
  const fit = () => { frame.style.height = Math.ceil(player.getBoundingClientRect().height) + "px"; };
  new ResizeObserver(fit).observe(player);
  fit();
})();
