"""The gRPC wire: protobuf messages read into the service's forms and written from them."""
