/**
 * What `npm run check` asks of the code beyond its types: typescript-eslint's recommended rules that know types, floating
 * promises among them, without three that say nothing here.
 */
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      '.engine',
      '.joined',
      'checkpoints/{runs,evaluations,studies,comparisons,champions}',
      'data/cache',
      '**/.work',
      '**/*.{js,mjs,cjs}',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // The compiler says what is unused, and lets a rest pattern leave out a key.
      '@typescript-eslint/no-unused-vars': 'off',
      // No function of an object literal takes `this` (the last rule), so that one taken out of its object loses nothing.
      '@typescript-eslint/unbound-method': 'off',
      // An async function without await meets an interface of promises, and rejects where a plain one would throw.
      '@typescript-eslint/require-await': 'off',
      // Shapes and the like read well as JavaScript prints them.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowArray: true, allowBoolean: true },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'Property > FunctionExpression ThisExpression',
          message: 'Functions over plain data take no this.',
        },
      ],
    },
  },
);
