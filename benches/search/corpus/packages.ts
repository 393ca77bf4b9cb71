/** A corpus tree: published packages at fixed versions, laid out as a monorepo. */
export interface TreeRecipe {
  readonly name: TreeName;
  readonly packages: readonly string[];
  /** SHA-256 of the tree's file list; see `fileListChecksum`. */
  readonly checksum: string;
}

export const TREE_NAMES = ["small", "medium", "large"] as const;
export type TreeName = (typeof TREE_NAMES)[number];

const SMALL = ["webpack@5.91.0", "eslint@8.57.0", "fastify@4.26.2", "@types/node@20.12.7"];

const MEDIUM = [
  ...SMALL,
  "@angular/core@17.3.6",
  "@angular/material@17.3.6",
  "@babel/core@7.24.4",
  "@babel/traverse@7.24.1",
  "@babel/types@7.24.0",
  "@typescript-eslint/eslint-plugin@7.7.1",
  "echarts@5.5.0",
  "effect@3.1.0",
  "eslint-plugin-unicorn@52.0.0",
  "graphql@16.8.1",
  "monaco-editor@0.48.0",
  "mongodb@6.5.0",
  "next@14.2.3",
  "ol@9.1.0",
  "openai@4.38.0",
  "prettier@3.2.5",
  "rxjs@7.8.1",
  "three@0.164.1",
  "typeorm@0.3.20",
  "typescript@5.4.5",
];

const LARGE = [
  ...MEDIUM,
  "@angular/compiler@17.3.6",
  "@aws-sdk/client-ec2@3.565.0",
  "@aws-sdk/client-iam@3.565.0",
  "@aws-sdk/client-s3@3.565.0",
  "@azure/arm-compute@21.5.0",
  "@babylonjs/core@7.4.0",
  "@cdktf/provider-aws@19.17.0",
  "@elastic/elasticsearch@8.13.1",
  "@elastic/eui@94.1.0",
  "@kubernetes/client-node@0.20.0",
  "@mui/material@5.15.15",
  "@pulumi/aws@6.32.0",
  "@pulumi/gcp@7.20.0",
  "aws-cdk-lib@2.139.0",
  "aws-sdk@2.1607.0",
  "date-fns@3.6.0",
  "devextreme@23.2.5",
  "element-plus@2.7.2",
  "ethers@6.12.0",
  "googleapis@135.0.0",
  "lodash@4.17.21",
  "n8n-nodes-base@1.14.1",
  "phaser@3.80.1",
  "primereact@10.6.3",
  "viem@2.9.31",
];

export const TREES: readonly TreeRecipe[] = [
  {
    name: "small",
    packages: SMALL,
    checksum: "77dcf385398210558f1e4e725c0bf06c7f7c3fe07fbc1ddb07d24bcc640fb9a8",
  },
  {
    name: "medium",
    packages: MEDIUM,
    checksum: "2c1da16fca7862bcd67e49f633f064f7cedcdff701e3e7fbac7ac5d52fc573a2",
  },
  {
    name: "large",
    packages: LARGE,
    checksum: "0ba64a3260b8d9a42c1947737424c1e69166a4cf7371c162b9e9182fc869ad70",
  },
];
