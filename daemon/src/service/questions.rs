//! Questions of programs, to whoever sits at a terminal, and the answers.

use std::sync::Arc;

use proto::v1;
use proto::v1::questions_server::{Questions, QuestionsServer};
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::{STREAM, error};
use crate::hub::Hub;

#[derive(Debug)]
pub(crate) struct QuestionService {
    hub: Arc<Hub>,
}

pub(super) fn service(hub: Arc<Hub>) -> QuestionsServer<QuestionService> {
    QuestionsServer::new(QuestionService { hub })
}

#[tonic::async_trait]
impl Questions for QuestionService {
    type ListenStream = ReceiverStream<Result<v1::Question, Status>>;

    async fn listen(&self, request: Request<v1::ListenRequest>) -> Result<Response<Self::ListenStream>, Status> {
        let request = request.into_inner();
        let caller = request.caller.unwrap_or_default();
        let (profile, _) = super::profile(&self.hub, &request.profile, &caller).await?;
        let mut listener = self.hub.sessions.questions.listen(&profile.name);
        let (out, events) = mpsc::channel(STREAM);
        tokio::spawn(async move {
            loop {
                let question = tokio::select! {
                    question = listener.next() => question,
                    () = out.closed() => return,
                };
                let told = v1::Question {
                    id: question.id,
                    text: question.text,
                    secret: question.secret,
                };
                if out.send(Ok(told)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(events)))
    }

    async fn answer(&self, request: Request<v1::AnswerRequest>) -> Result<Response<v1::AnswerResponse>, Status> {
        let request = request.into_inner();
        let answer = match request.answer {
            Some(bytes) => {
                let text = String::from_utf8(bytes).map_err(|_| error::usage("the answer is not UTF-8"))?;
                Some(SecretString::from(text))
            }
            None => None,
        };
        let taken = self.hub.sessions.questions.answer(request.id, answer);
        Ok(Response::new(v1::AnswerResponse { taken }))
    }
}
