// The values of tokens.css that the button and the window need.
export const style = `
.all{color-scheme:light dark;position:fixed;inset:auto 20px 20px auto;z-index:2147483000;font:600 12px/1 -apple-system,"Segoe UI",Inter,Roboto,"Noto Sans","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
.all[data-theme=light]{color-scheme:light}.all[data-theme=dark]{color-scheme:dark}
.all[data-side=left]{inset:auto auto 20px 20px}
[hidden]{display:none!important}
button{position:relative;display:grid;place-items:center;width:60px;height:60px;margin:0;padding:0;border:0;border-radius:50% 50% 5px 50%;background:light-dark(#0b5968,#74c7d5);color:light-dark(#fff,#05262d);box-shadow:0 1px 2px rgb(23 38 42/.2),0 10px 28px -10px rgb(23 38 42/.5);cursor:pointer;transition:background-color .16s}
[data-side=left] button{border-radius:50% 50% 50% 5px}
button:hover{background:light-dark(#084651,#95d8e3)}
button:active{background:light-dark(#06363f,#5bb3c2)}
button:focus-visible{outline:2px solid light-dark(#0b5968,#9adfeb);outline-offset:3px}
svg{width:26px;height:26px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
b{position:absolute;top:-4px;right:-4px;box-sizing:border-box;min-width:22px;height:22px;padding:5px 6px;border-radius:11px;background:light-dark(#b32318,#ff8878);color:light-dark(#fff,#2b0a06);box-shadow:0 0 0 2px light-dark(#f4f1ea,#0f1719);font:inherit;text-align:center}
section{position:absolute;right:0;bottom:80px;width:384px;height:min(680px,100vh - 120px);height:min(680px,100dvh - 120px);overflow:hidden;border-radius:22px;background:light-dark(#f4f1ea,#0f1719);box-shadow:0 0 0 1px light-dark(#dfd9cb,#2a393d),0 2px 6px rgb(23 38 42/.1),0 28px 64px -20px rgb(23 38 42/.5);animation:in .16s cubic-bezier(.2,.7,.3,1)}
[data-side=left] section{right:auto;left:0}
iframe{display:block;width:100%;height:100%;border:0}
@keyframes in{from{opacity:0;transform:translateY(4px)}}
@media(max-width:480px){[data-open] button{display:none}section,[data-side=left] section{position:fixed;inset:0;width:100%;height:100dvh;border-radius:0;box-shadow:none}}
@media(prefers-reduced-motion:reduce){section{animation:none}button{transition:none}}
@media print{.all{display:none}}`;
