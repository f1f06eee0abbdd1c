# The server as one static binary and nothing else: no shell, no libc, not root.
#
#	docker build -t hubbub . && docker run --rm -p 9000:9000 hubbub
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
ARG TARGETOS TARGETARCH
ENV CGO_ENABLED=0 GOTOOLCHAIN=local GOMODCACHE=/cache/modules GOCACHE=/cache/build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/cache \
    GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags='-s -w' -o /image/hubbub ./cmd/hubbub
RUN mkdir -p /image/etc /empty \
 && echo 'nonroot:x:65532:65532:nonroot:/data:/hubbub' >/image/etc/passwd \
 && echo 'nonroot:x:65532:' >/image/etc/group

FROM scratch
ARG VERSION=dev REVISION=unknown
LABEL org.opencontainers.image.title="hubbub" \
      org.opencontainers.image.description="A chat server on event loops" \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION
COPY --from=build /image /
COPY --from=build --chown=65532:65532 /empty /data
# docker stop waits 10 s before it kills: clients must have been sent away by then.
ENV HUBBUB_DATA_DIR=/data HUBBUB_DRAIN=5s
VOLUME /data
USER nonroot
# 9000: chat. 9001: operators; inside the container only, unless HUBBUB_ADMIN=:9001. The health check asks 9001, and 9000 where
# HUBBUB_ADMIN is empty.
EXPOSE 9000 9001
HEALTHCHECK --interval=10s --timeout=4s --start-period=5s CMD ["/hubbub", "health"]
ENTRYPOINT ["/hubbub"]
CMD ["serve"]
