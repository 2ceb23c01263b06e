import { useState } from "react";
import Chat from "./Chat.jsx";

export default function App() {
  const [projectId, setProjectId] = useState("demo");
  return (
    <main>
      <h1>Project rooms</h1>
      <label>
        Project{" "}
        <select id="project" value={projectId} onChange={({ target }) => setProjectId(target.value)}>
          <option>demo</option>
          <option>secret</option>
        </select>
      </label>
      {/* The key makes another chat of another project. */}
      <Chat key={projectId} projectId={projectId} />
    </main>
  );
}
