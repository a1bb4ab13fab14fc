FROM node:20-slim AS assets
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --ignore-scripts
COPY tailwind.config.js ./
COPY static static
COPY views views
RUN node static/build.mjs

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=assets /src/static/dist static/dist
# `make image` sets both.
ARG VERSION=unknown
ARG COMMIT=
RUN mkdir -p /data && CGO_ENABLED=0 go build -buildvcs=false -trimpath \
	-ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT" -o /parley .

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /parley /parley
COPY --from=build --chown=65534:65534 /data /data
USER 65534:65534
ENV PARLEY_DIR=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --start-period=20s CMD ["/parley", "healthcheck"]
ENTRYPOINT ["/parley"]
CMD ["serve"]
