import library from '@mermaid-js/tiny/dist/mermaid.tiny.js?url';
import { useData } from 'vitepress';
import { defineComponent, h, onMounted, ref, watch } from 'vue';

let drawn = 0;

/** Draws a Mermaid diagram in the reader's browser, in the colours of the page. */
export const Diagram = defineComponent({
  props: { source: { type: String, required: true } },
  setup(props) {
    const { isDark } = useData();
    const text = decodeURIComponent(props.source);
    const svg = ref('');
    const draw = async () => {
      const mermaid = await load();
      mermaid.initialize({
        startOnLoad: false,
        theme: isDark.value ? 'dark' : 'neutral',
        fontFamily: 'inherit',
        htmlLabels: false, // those of HTML take the line height of the page
        flowchart: { htmlLabels: false },
      });
      drawn += 1;
      svg.value = (await mermaid.render(`diagram-${drawn}`, text)).svg;
    };
    onMounted(draw);
    watch(isDark, draw);
    return () =>
      svg.value === ''
        ? h('pre', { class: 'diagram' }, text)
        : h('div', { class: 'diagram', innerHTML: svg.value });
  },
});

let loading;

/** Fetches the library with the first diagram that a reader meets. */
function load() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = library;
    script.onload = () => resolve(globalThis.mermaid);
    script.onerror = () => reject(new Error(`${library} could not be fetched.`));
    document.head.append(script);
  });
  return loading;
}
