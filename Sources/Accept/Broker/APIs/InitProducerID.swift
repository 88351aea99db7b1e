internal import Files
internal import KafkaProtocol
internal import Telemetry

extension Broker {
    /// Gives an idempotent producer an id nobody had before.
    ///
    /// A producer that asks again gets another one: without a transactional name nothing ties it to
    /// its old one.
    internal func initProducerID(
        _ request: InitProducerIDAPI.Request,
        _ call: Call
    ) -> Handling<FS> {
        if request.transactionalID != nil {
            let refusal = InitProducerIDAPI.Response {
                // Not retriable, and known to every version: producers stop with a clear fault.
                $0.errorCode = .transactionalIDAuthorizationFailed
            }
            return .answer(call.answer(InitProducerIDAPI.self, refusal))
        }
        work.perform { [self] in
            let response = InitProducerIDAPI.Response {
                do throws(FileError) {
                    $0.producerID = try producerIDs.next()
                    $0.producerEpoch = 0
                } catch {
                    logger.error("no producer id", ["error": error.description])
                    $0.errorCode = .coordinatorNotAvailable
                }
            }
            call.reply(.answer(call.answer(InitProducerIDAPI.self, response)))
        }
        return .later(isPipelined: false)
    }
}
